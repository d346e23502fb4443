"""The steps up to version 5, from before alembic: SQL for each version, in order."""

from __future__ import annotations

from sqlalchemy import Connection

_PAPER_5 = """CREATE TABLE paper_5 (
    id INTEGER NOT NULL PRIMARY KEY, sha256 VARCHAR, size INTEGER NOT NULL, file_name VARCHAR NOT NULL,
    received_at VARCHAR NOT NULL, code VARCHAR NOT NULL, words VARCHAR NOT NULL, entry_id INTEGER,
    continues INTEGER, role VARCHAR DEFAULT 'staff' NOT NULL, reading INTEGER DEFAULT 1 NOT NULL,
    UNIQUE (sha256, role, reading))"""
_INTO_PAPER_5 = """INSERT INTO paper_5
    (id, sha256, size, file_name, received_at, code, words, entry_id, continues)
    SELECT id, sha256, size, file_name, received_at, code, words, entry_id, continues FROM paper"""
_OWN_ALERT = """CREATE TABLE own_alert (
    reference VARCHAR NOT NULL PRIMARY KEY, code VARCHAR NOT NULL, words VARCHAR NOT NULL,
    told_at VARCHAR NOT NULL, acknowledged_at VARCHAR, acknowledged_by VARCHAR)"""
_PARCEL_5 = """CREATE TABLE parcel_5 (
    id INTEGER NOT NULL PRIMARY KEY, key VARCHAR NOT NULL UNIQUE, entry_id INTEGER REFERENCES entry (id),
    own_alert VARCHAR REFERENCES own_alert (reference), destination VARCHAR NOT NULL,
    operation VARCHAR NOT NULL, body BLOB, headers VARCHAR NOT NULL, original_sha256 VARCHAR,
    delivered_at VARCHAR, delivered_how VARCHAR, delivered_where VARCHAR)"""
_INTO_PARCEL_5 = """INSERT INTO parcel_5 (id, key, entry_id, destination, operation, body, headers,
    original_sha256, delivered_at, delivered_how, delivered_where)
    SELECT id, key, entry_id, destination, operation, body, headers, original_sha256, delivered_at,
    delivered_how, delivered_where FROM parcel"""
_EPOCH = "INSERT OR IGNORE INTO counter VALUES ('epoch', 1000 + abs(random() % 9000))"
STEPS = {
    2: ("ALTER TABLE paper ADD COLUMN continues INTEGER",),
    3: (
        "ALTER TABLE entry ADD COLUMN about VARCHAR",
        "CREATE INDEX entry_about ON entry (about)",
    ),
    4: (
        "ALTER TABLE child ADD COLUMN upn VARCHAR",
        "CREATE UNIQUE INDEX child_upn ON child (upn)",
        "CREATE INDEX child_born ON child (born)",
        "ALTER TABLE entry ADD COLUMN child_b_id INTEGER",
        "CREATE INDEX entry_child_b ON entry (child_b_id)",
        "CREATE TABLE joined (sheet VARCHAR PRIMARY KEY, child_id INTEGER, other_id INTEGER)",
    ),
    5: (
        # SQLite takes no constraint away: the table is made again, without the old one.
        _PAPER_5,
        _INTO_PAPER_5,
        "DROP TABLE paper",
        "ALTER TABLE paper_5 RENAME TO paper",
        "ALTER TABLE arrival ADD COLUMN role VARCHAR DEFAULT 'staff' NOT NULL",
        "ALTER TABLE entry ADD COLUMN role VARCHAR DEFAULT 'staff' NOT NULL",
        "ALTER TABLE entry ADD COLUMN urgent BOOLEAN DEFAULT 0 NOT NULL",
        # What an older FormFlow said of an immediate referral.
        "UPDATE entry SET urgent = 1 WHERE notices LIKE '%\"FF-212\"%' OR notices LIKE '%\"FF-213\"%'",
        "CREATE TABLE own_page (fingerprint VARCHAR NOT NULL PRIMARY KEY)",
        # The review sheet asked two questions under other names than the rules.
        """UPDATE entry SET answers = replace(replace(answers,
            '"background_animals":', '"background_cruelty_to_animals":'),
            '"background_fire":', '"background_fire_setting":') WHERE form_id = 'review'""",
        "CREATE TABLE silence (destination VARCHAR NOT NULL PRIMARY KEY, since VARCHAR NOT NULL)",
        "ALTER TABLE entry ADD COLUMN epoch INTEGER DEFAULT 0 NOT NULL",
        _OWN_ALERT,
        _PARCEL_5,
        _INTO_PARCEL_5,
        "DROP TABLE parcel",
        "ALTER TABLE parcel_5 RENAME TO parcel",
        "CREATE INDEX parcel_entry ON parcel (entry_id)",
        "CREATE INDEX parcel_own_alert ON parcel (own_alert)",
        _EPOCH,
        "ALTER TABLE task ADD COLUMN weight INTEGER DEFAULT 0 NOT NULL",
    ),
}
NEWEST = max(STEPS)


def upgrade(connection: Connection, found: int) -> None:
    """Bring a ledger from the version that was found to the newest of these, if it is older."""
    for version in range(found + 1, NEWEST + 1):
        for step in STEPS[version]:
            connection.exec_driver_sql(step)
