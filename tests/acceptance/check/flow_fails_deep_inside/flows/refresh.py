import decimal


def number(text):
    return decimal.Decimal(text)


NUMBER = number('x')
