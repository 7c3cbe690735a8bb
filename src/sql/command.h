/* command.h -- statements that are not queries: one struct, its kind says which fields mean something. session/ runs
 * them.
 *
 * Made by sql/ (and by other doors), read-only; lives in the arena of its plan. Names are multipart as written:
 * resolving them against catalog and current database is the session's. Fields not named for a kind are zero. */
#ifndef SP_SQL_COMMAND_H
#define SP_SQL_COMMAND_H

#include "plan/plan.h"

typedef enum sp_command_kind {
    SP_C_NONE,
    /* name, temporary, global, replace, if_not_exists, columns (name + comment), comment, properties, query, text =
     * the query */
    SP_C_CREATE_VIEW,
    /* temporary view over a source: name, global, replace, columns, provider, properties = OPTIONS */
    SP_C_CREATE_VIEW_USING,
    /* name, replace, temporary, external, if_not_exists, columns, provider, properties (TBLPROPERTIES), options
     * (OPTIONS), location, comment, partitioning, target = clustered-by columns, count = buckets, query of AS SELECT,
     * word: STORED AS format */
    SP_C_CREATE_TABLE,
    SP_C_CREATE_TABLE_LIKE,  /* name, target = source table, if_not_exists, provider, location, properties */
    SP_C_CREATE_DATABASE,    /* name, if_not_exists, comment, location, properties */
    /* name, replace, temporary, if_not_exists, value = class name, properties = resources (kind, path); or columns,
     * text = body, type */
    SP_C_CREATE_FUNCTION,
    SP_C_DROP_TABLE, SP_C_DROP_VIEW,   /* name, if_exists, purge */
    SP_C_DROP_DATABASE,      /* name, if_exists, cascade */
    SP_C_DROP_FUNCTION,      /* name, if_exists, temporary */
    SP_C_DROP_VARIABLE,      /* name, if_exists */
    SP_C_SHOW_TABLES, SP_C_SHOW_VIEWS, SP_C_SHOW_DATABASES,   /* name = the database or catalog, pattern */
    SP_C_SHOW_TABLE_EXTENDED,   /* name = database, pattern, partition */
    SP_C_SHOW_COLUMNS,       /* name, target = database */
    SP_C_SHOW_FUNCTIONS,     /* word = USER, SYSTEM or ALL; name = database, pattern (a legacy name too) */
    SP_C_SHOW_CREATE_TABLE,  /* name, extended: AS SERDE */
    SP_C_SHOW_TBLPROPERTIES, /* name, key */
    SP_C_SHOW_PARTITIONS,    /* name, partition */
    SP_C_SHOW_CURRENT_DATABASE, SP_C_SHOW_CATALOGS,   /* pattern */
    SP_C_DESCRIBE_TABLE,     /* name, extended (FORMATTED too), partition, target = column, json */
    SP_C_DESCRIBE_QUERY,     /* query, text */
    SP_C_DESCRIBE_FUNCTION,  /* name, extended */
    SP_C_DESCRIBE_DATABASE,  /* name, extended */
    SP_C_SET,                /* has_key, key; has_value, value: SET | SET -v (extended) | SET key | SET key=value */
    SP_C_SET_TIME_ZONE,      /* value = zone id; or expr = an interval literal; LOCAL: value "LOCAL" and local */
    SP_C_SET_CATALOG,        /* name */
    SP_C_SET_VARIABLE,       /* assignments; or query with targets in assignments (no expr) */
    SP_C_RESET,              /* has_key, key */
    SP_C_DECLARE_VARIABLE,   /* name, replace, type or NULL, expr = default or NULL, text = default's text */
    SP_C_USE,                /* name; database: USE DATABASE/NAMESPACE/SCHEMA said */
    /* name, overwrite, partition, if_not_exists, insert_columns, by_name, options, query; expr = REPLACE WHERE
     * condition */
    SP_C_INSERT,
    /* overwrite, local, location = path, provider (or word = STORED AS format), options, query */
    SP_C_INSERT_DIRECTORY,
    SP_C_MULTI,              /* commands: FROM t INSERT ... INSERT ... */
    SP_C_DELETE,             /* name, alias, expr = condition or NULL */
    SP_C_UPDATE,             /* name, alias, assignments, expr = condition or NULL */
    /* name, alias, query = source (with its alias), expr = ON condition, merges; extended: WITH SCHEMA EVOLUTION */
    SP_C_MERGE,
    SP_C_EXPLAIN,            /* explain, query = the statement's plan (may be a command) */
    SP_C_CACHE_TABLE,        /* name, lazy, options, query or NULL, text = the query */
    SP_C_UNCACHE_TABLE,      /* name, if_exists */
    SP_C_CLEAR_CACHE,
    SP_C_REFRESH_TABLE, SP_C_REFRESH_FUNCTION,   /* name */
    SP_C_REFRESH_RESOURCE,   /* value = path */
    SP_C_TRUNCATE_TABLE,     /* name, partition */
    SP_C_REPAIR_TABLE,       /* name, word = ADD, DROP, SYNC or none */
    /* name, partition, word = NOSCAN..., insert_columns; SP_C_ANALYZE_TABLES: name = database */
    SP_C_ANALYZE_TABLE,
    SP_C_ANALYZE_TABLES,
    SP_C_LOAD_DATA,          /* name, location, local, overwrite, partition */
    SP_C_ADD_RESOURCE, SP_C_LIST_RESOURCE,   /* word = JAR, FILE, ARCHIVE; value = path(s) as written */
    SP_C_COMMENT,            /* name, database (else table), comment ({NULL,0}: NULL) */
    SP_C_ALTER_RENAME,       /* name, view, target = new name */
    SP_C_ALTER_SET_PROPERTIES, SP_C_ALTER_UNSET_PROPERTIES,   /* name, view or database, properties, if_exists */
    SP_C_ALTER_SET_LOCATION, /* name, database, partition, location */
    SP_C_ALTER_ADD_COLUMNS, SP_C_ALTER_REPLACE_COLUMNS,   /* name, columns */
    SP_C_ALTER_DROP_COLUMNS, /* name, targets, if_exists */
    SP_C_ALTER_RENAME_COLUMN,/* name, target = column, value = new name */
    /* name, columns: each with name, and type / comment / position / nullable / default as far as said (change says
     * which) */
    SP_C_ALTER_COLUMN,
    /* name, partitions, if_exists (if not exists for ADD), purge; locations in partitions' location */
    SP_C_ALTER_ADD_PARTITION, SP_C_ALTER_DROP_PARTITION,
    SP_C_ALTER_RENAME_PARTITION,   /* name, partitions[0] -> partitions[1] */
    SP_C_ALTER_RECOVER_PARTITIONS, /* name */
    SP_C_ALTER_SERDE,        /* name, value = serde, properties */
    SP_C_ALTER_CLUSTER_BY,   /* name, targets (none: CLUSTER BY NONE) */
    SP_C_ALTER_CONSTRAINT,   /* name, word = ADD or DROP, text = the constraint as written */
    SP_C_ALTER_VIEW_AS,      /* name, query, text */
    SP_C_ALTER_VIEW_BINDING, /* name, word */
    SP_C_EXECUTE_IMMEDIATE,  /* expr = the text, targets = INTO variables, args = USING (SP_E_ALIAS for names) */
    SP_C_CALL,               /* name, args */
    SP_C_CREATE_INDEX, SP_C_DROP_INDEX,   /* name = index, target = table, if_exists / if_not_exists, text */
    SP_C_CREATE_PIPELINE_DATASET, /* CREATE MATERIALIZED VIEW | STREAMING TABLE: as CREATE_TABLE, word says which */
    SP_C_CREATE_FLOW,        /* name, comment, query = the INSERT as a command plan */
    SP_C_KIND_COUNT
} sp_command_kind;

/* expr: OPTIONS of CREATE TABLE with an expression */
typedef struct sp_sql_property { sp_str key, value; bool has_value; sp_expr *expr; } sp_sql_property;

typedef struct sp_sql_column {
    sp_str *parts; int part_count;     /* one part but in ALTER TABLE */
    const sp_type *type;               /* NULL when not said */
    bool nullable;
    sp_str comment;                    /* {NULL,0}: none */
    sp_expr *default_value; sp_str default_text;
    sp_expr *generated; sp_str generated_text;
    bool first; sp_str after;          /* position in ALTER */
    enum { SP_CHANGE_TYPE = 1, SP_CHANGE_COMMENT = 2, SP_CHANGE_POSITION = 4, SP_CHANGE_SET_NOT_NULL = 8,
        SP_CHANGE_DROP_NOT_NULL = 16,
           SP_CHANGE_SET_DEFAULT = 32, SP_CHANGE_DROP_DEFAULT = 64 } change;
} sp_sql_column;

/* expr NULL: PARTITION (k) without value */
typedef struct sp_sql_assignment { sp_str *parts; int part_count; sp_expr *expr; } sp_sql_assignment;
typedef struct sp_sql_partition_spec { sp_sql_assignment *items; int count; sp_str location; } sp_sql_partition_spec;
typedef struct sp_sql_multipart { sp_str *parts; int part_count; } sp_sql_multipart;
/* PARTITIONED BY: identity of a column (transform empty), or transform(args) */
typedef struct sp_sql_transform { sp_str transform; sp_expr **args; int arg_count; } sp_sql_transform;

typedef struct sp_sql_merge_clause {
    int when;                          /* 0 MATCHED, 1 NOT MATCHED [BY TARGET], 2 NOT MATCHED BY SOURCE */
    int action;                        /* 0 delete, 1 update set, 2 update set *, 3 insert, 4 insert * */
    sp_expr *condition;                /* or NULL */
    sp_sql_assignment *assignments; int assignment_count;   /* insert: column and its value */
} sp_sql_merge_clause;

typedef enum sp_explain_mode { SP_EXPLAIN_SIMPLE, SP_EXPLAIN_EXTENDED, SP_EXPLAIN_CODEGEN, SP_EXPLAIN_COST,
    SP_EXPLAIN_FORMATTED } sp_explain_mode;

struct sp_command {
    sp_command_kind kind;
    sp_origin origin;
    sp_str *name; int name_count;
    sp_str *target; int target_count;
    sp_sql_multipart *targets; int targets_count;
    bool temporary, global, replace, if_exists, if_not_exists, external, purge, cascade, extended, json, overwrite,
        lazy, local, by_name, view, database;
    bool has_key, has_value;
    sp_str key, value, word, pattern, comment, location, provider, alias, text;
    bool has_pattern, has_comment;
    sp_explain_mode explain;
    sp_sql_column *columns; int column_count;
    const sp_type *schema;             /* columns as a struct, when every one has a type */
    const sp_type *type;
    sp_str *insert_columns; int insert_column_count;
    sp_sql_property *properties; int property_count;
    sp_sql_property *options; int option_count;
    sp_sql_assignment *partition; int partition_count;
    sp_sql_partition_spec *partitions; int partitions_count;
    sp_sql_transform *partitioning; int partitioning_count;
    sp_sql_assignment *assignments; int assignment_count;
    sp_sql_merge_clause *merges; int merge_count;
    sp_expr **args; int arg_count;
    sp_expr *expr;
    int64_t count;
    sp_plan *query;                    /* unresolved */
    sp_command **commands; int command_count;
};

/* The kind's name as Spark's logical node is called: "CreateView", "SetCommand" ... */
const char *sp_command_kind_name(sp_command_kind kind);

#endif
