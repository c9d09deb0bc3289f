//! The database: connections, migrations, entities (one table a file) and queries (one verb a function).
