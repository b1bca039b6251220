"""The demo's data: a real public data set, and a real database that the settings name."""

import contextlib
import sqlite3

TARGET = "progression"


def data_set():
    """The diabetes data set of scikit-learn (Efron et al., 2004): column names and rows, nothing is downloaded."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    names = [name.replace("-", "_") for name in data.feature_names]
    rows = [[*map(float, row), float(target)] for row, target in zip(data.data, data.target)]
    return [*names, TARGET], rows


@contextlib.contextmanager
def database(environment):
    """The database of an environment; several runs may write to it at once, one after the other."""
    connection = sqlite3.connect(environment.TARGET_DATABASE, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            yield connection
    finally:
        connection.close()


def make_features(environment):
    """Write the feature table anew, in one transaction. Returns its number of rows."""
    names, rows = data_set()
    with database(environment) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"DROP TABLE IF EXISTS {environment.FEATURE_TABLE}")
        connection.execute(f"CREATE TABLE {environment.FEATURE_TABLE} ({', '.join(f'{name} REAL' for name in names)})")
        marks = ", ".join("?" for _ in names)
        connection.executemany(f"INSERT INTO {environment.FEATURE_TABLE} VALUES ({marks})", rows)
    return len(rows)


def read_features(environment, features, target):
    """The columns of some features and of a target; the table is made if nobody has yet."""
    with database(environment) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [environment.FEATURE_TABLE]).fetchone()
    if not known:
        make_features(environment)
    columns = ", ".join([*features, target])
    with database(environment) as connection:
        rows = connection.execute(f"SELECT {columns} FROM {environment.FEATURE_TABLE}").fetchall()
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def write_score(environment, binding, target, score):
    """Keep the score of a run beside those of earlier ones."""
    with database(environment) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {environment.SCORE_TABLE} (binding TEXT, target TEXT, r2 REAL, mae REAL)")
        row = [binding, target, score["r2"], score["mae"]]
        connection.execute(f"INSERT INTO {environment.SCORE_TABLE} VALUES (?, ?, ?, ?)", row)
