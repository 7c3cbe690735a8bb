/* planner_sugar.c -- the shorthand relations: columns added, dropped and renamed, hints, unpivot, show, and those that need Python. */
#include "connect/planner_int.h"

static sp_status to_df(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_TO_DF, m->to_df->input, out, err));
    return sp_planner_strings(p, m->to_df->n_column_names, m->to_df->column_names, &(*out)->new_names, &(*out)->new_name_count, err);
}

static sp_status renamed(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const Spark__Connect__WithColumnsRenamed *m = r->with_columns_renamed;
    size_t n = m->n_renames ? m->n_renames : m->n_rename_columns_map;
    SP_TRY(sp_planner_unary(p, SP_P_RENAME_COLUMNS, m->input, out, err));
    sp_plan *plan = *out;
    SP_NEW_ARRAY(plan->parts, p->arena, n + 1, err);
    SP_NEW_ARRAY(plan->new_names, p->arena, n + 1, err);
    plan->part_count = plan->new_name_count = (int)n;
    for (size_t i = 0; i < n; i++) {
        plan->parts[i] = pb_str(m->n_renames ? m->renames[i]->col_name : m->rename_columns_map[i]->key);
        plan->new_names[i] = pb_str(m->n_renames ? m->renames[i]->new_col_name : m->rename_columns_map[i]->value);
    }
    return SP_OK;
}

static sp_status show_string(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_SHOW_STRING, m->show_string->input, out, err));
    (*out)->count = m->show_string->num_rows;
    (*out)->count2 = m->show_string->truncate;
    (*out)->vertical = m->show_string->vertical;
    return SP_OK;
}

static sp_status html_string(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_HTML_STRING, m->html_string->input, out, err));
    (*out)->count = m->html_string->num_rows;
    (*out)->count2 = m->html_string->truncate;
    return SP_OK;
}

static sp_status drop(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_DROP, m->drop->input, out, err));
    SP_TRY(sp_planner_exprs(p, m->drop->n_columns, m->drop->columns, &(*out)->exprs, &(*out)->expr_count, err));
    return sp_planner_strings(p, m->drop->n_column_names, m->drop->column_names, &(*out)->parts, &(*out)->part_count, err);
}

static sp_status with_columns(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const Spark__Connect__WithColumns *m = r->with_columns;
    SP_TRY(sp_planner_unary(p, SP_P_WITH_COLUMNS, m->input, out, err));
    sp_plan *plan = *out;
    SP_NEW_ARRAY(plan->exprs, p->arena, m->n_aliases + 1, err);
    plan->expr_count = (int)m->n_aliases;
    for (size_t i = 0; i < m->n_aliases; i++) {
        if (m->aliases[i]->n_name != 1) {
            sp_buf b = { 0 };
            for (size_t k = 0; k < m->aliases[i]->n_name; k++)
                sp_buf_printf(&b, "%s%s", k ? "." : "", m->aliases[i]->name[k]);
            SP_FAIL(err, CONNECT_INVALID_PLAN__WITH_COLUMNS_REQUIRE_SINGLE_NAME_PART, "got", sp_buf_cstr(&b));
            sp_buf_done(&b);
            return SP_FAILED;
        }
        SP_TRY(sp_planner_alias(p, m->aliases[i], &plan->exprs[i], err));
    }
    return SP_OK;
}

static sp_status hint(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_HINT, m->hint->input, out, err));
    (*out)->name = pb_str(m->hint->name);
    return sp_planner_exprs(p, m->hint->n_parameters, m->hint->parameters, &(*out)->exprs, &(*out)->expr_count, err);
}

static sp_status unpivot(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Unpivot *m = r->unpivot;
    SP_TRY(sp_planner_unary(p, SP_P_UNPIVOT, m->input, out, err));
    sp_plan *n = *out;
    n->outer = true;   /* Dataset.unpivot keeps null values, as SQL's INCLUDE NULLS */
    SP_TRY(sp_planner_exprs(p, m->n_ids, m->ids, &n->exprs, &n->expr_count, err));
    SP_NEW_ARRAY(n->new_names, p->arena, 2, err);
    n->new_names[0] = pb_str(m->variable_column_name);
    n->new_names[1] = pb_str(m->value_column_name);
    n->new_name_count = 2;
    if (!m->values)
        return SP_OK;
    n->list_count = (int)m->values->n_values;
    SP_NEW_ARRAY(n->lists, p->arena, m->values->n_values + 1, err);
    SP_NEW_ARRAY(n->list_counts, p->arena, m->values->n_values + 1, err);
    for (size_t i = 0; i < m->values->n_values; i++)
        SP_TRY(sp_planner_exprs(p, 1, &m->values->values[i], &n->lists[i], &n->list_counts[i], err));
    if (n->list_count == 0)
        return SP_FAIL(err, UNPIVOT_REQUIRES_VALUE_COLUMNS);
    return SP_OK;
}

static sp_status to_schema(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_TO_SCHEMA, m->to_schema->input, out, err));
    SP_TRY(sp_proto_to_type(p->arena, m->to_schema->schema, &(*out)->schema, err));
    if ((*out)->schema->kind != SP_STRUCT)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_SCHEMA_NON_STRUCT_TYPE, "inputSchema",
                       sp_type_sql_quoted(p->arena, (*out)->schema), "dataType", sp_type_sql_quoted(p->arena, (*out)->schema));
    return SP_OK;
}

static sp_status transpose(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_TRANSPOSE, m->transpose->input, out, err));
    return sp_planner_exprs(p, m->transpose->n_index_columns, m->transpose->index_columns, &(*out)->exprs, &(*out)->expr_count, err);
}

static const char *function_name(const Spark__Connect__CommonInlineUserDefinedFunction *f)
{
    return f ? f->function_name : NULL;
}

sp_status sp_planner_sugar(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    switch ((int)m->rel_type_case) {
    case SPARK__CONNECT__RELATION__REL_TYPE_TO_DF: return to_df(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_WITH_COLUMNS_RENAMED: return renamed(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_SHOW_STRING: return show_string(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_HTML_STRING: return html_string(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_DROP: return drop(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_WITH_COLUMNS: return with_columns(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_HINT: return hint(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_UNPIVOT: return unpivot(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_TO_SCHEMA: return to_schema(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_TRANSPOSE: return transpose(p, m, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_MAP_PARTITIONS: return sp_planner_python(err, "mapInPandas and mapInArrow", function_name(m->map_partitions->func));
    case SPARK__CONNECT__RELATION__REL_TYPE_GROUP_MAP: return sp_planner_python(err, "applyInPandas", function_name(m->group_map->func));
    case SPARK__CONNECT__RELATION__REL_TYPE_CO_GROUP_MAP: return sp_planner_python(err, "cogroup", function_name(m->co_group_map->func));
    case SPARK__CONNECT__RELATION__REL_TYPE_APPLY_IN_PANDAS_WITH_STATE:
        return sp_planner_python(err, "applyInPandasWithState", function_name(m->apply_in_pandas_with_state->func));
    case SPARK__CONNECT__RELATION__REL_TYPE_COMMON_INLINE_USER_DEFINED_TABLE_FUNCTION:
        return sp_planner_python(err, "A Python table function", m->common_inline_user_defined_table_function->function_name);
    default: return sp_planner_python(err, "A Python data source", m->common_inline_user_defined_data_source->name);
    }
}
