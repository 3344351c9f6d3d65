// Package sqlstore keeps incidents, alerts, users, rule runs and settings in a
// relational database: SQLite (one file, the default) or PostgreSQL.
//
// It promises one behaviour on both: the suite in storetest runs on either.
// Writers never overlap, on SQLite by its single writer connection, on
// PostgreSQL by an advisory lock, so the log's positions are in order of
// commit. A commit is on disk when it is acknowledged. Every value is bound;
// SQL text is put together from constants only.
//
// It refuses a database that a newer version has written, and every log entry
// whose kind it does not know. Migrations go up only.
//
// It is tested by storetest, by a process that is killed while writing, by
// concurrent writers, and measured at 100,000 incidents with 1,000,000 alerts.
package sqlstore
