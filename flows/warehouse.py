"""The demo's data: a real public data set, and a real database that the settings name."""

import contextlib
import sqlite3

TARGET = "progression"


def data_set():
    """The diabetes data set of scikit-learn (Efron et al., 2004): column names and rows, nothing is downloaded."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    rows = [[*map(float, row), float(target)] for row, target in zip(data.data, data.target)]
    return [*data.feature_names, TARGET], rows


@contextlib.contextmanager
def database(environment):
    """One transaction on the database of an environment; runs that write at once wait for each other."""
    # The folder is the one that the run was started in, where Metaflow keeps its own data, too.
    connection = sqlite3.connect(environment.TARGET_DATABASE, timeout=60, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


def make_features(environment):
    """Write the feature table anew. Returns its number of rows."""
    with database(environment) as connection:
        return _make(connection, environment.FEATURE_TABLE)


def read_features(environment, features, target):
    """The columns of some features and of a target; the table is made if nobody has yet."""
    table = environment.FEATURE_TABLE
    with database(environment) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
            _make(connection, table)
        # With its table before it, a column that is not there is an error; alone, SQLite would take it for text.
        columns = ", ".join(f"{_name(table)}.{_name(column)}" for column in [*features, target])
        rows = connection.execute(f"SELECT {columns} FROM {_name(table)}").fetchall()
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def write_score(environment, run, binding, target, score):
    """Keep the score of a run beside those of others; a step that is tried again writes its row again."""
    table = _name(environment.SCORE_TABLE)
    with database(environment) as connection:
        columns = "run TEXT PRIMARY KEY, binding TEXT, target TEXT, r2 REAL, mae REAL"
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        row = [run, binding, target, score["r2"], score["mae"]]
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?)", row)


def _make(connection, table):
    names, rows = data_set()
    connection.execute(f"DROP TABLE IF EXISTS {_name(table)}")
    connection.execute(f"CREATE TABLE {_name(table)} ({', '.join(f'{_name(name)} REAL' for name in names)})")
    connection.executemany(f"INSERT INTO {_name(table)} VALUES ({', '.join('?' for _ in names)})", rows)
    return len(rows)


def _name(text):
    """A name of a table or column from the settings, quoted, so that it is never read as SQL."""
    return '"' + text.replace('"', '""') + '"'
