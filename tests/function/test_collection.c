/* Arrays, maps, structs and higher-order functions. */
#include "cases.inc"

TEST(arrays)
{
    static const expr_case cases[] = {
        { "array(1, 2, null)", "[1, 2, null]" }, { "array(1, 2)[5]", "!INVALID_ARRAY_INDEX" },
        { "array(1, 2)[-1]", "!INVALID_ARRAY_INDEX" }, { "array(1, 2)[1]", "2" },
        { "element_at(array(1, 2), 5)", "!INVALID_ARRAY_INDEX_IN_ELEMENT_AT" }, { "element_at(array(1, 2), -1)", "2" },
        { "element_at(array(1), 0)", "!INVALID_INDEX_OF_ZERO" },
        { "get(array(1), 3)", "NULL" }, { "size(array(1, 2))", "2" }, { "size(null)", "NULL" },
        { "array_contains(array(1, null), 2)", "NULL" },
        { "array_contains(array(1, 2), 2)", "true" }, { "array_position(array('a', 'b'), 'b')", "2" },
        { "array_max(array(1, 5, null))", "5" },
        { "sort_array(array(3, null, 1))", "[null, 1, 3]" },
        { "sort_array(array(3, null, 1), false)", "[3, 1, null]" }, { "array_sort(array(3, null, 1))", "[1, 3, null]" },
        { "slice(array(1, 2, 3), 2, 2)", "[2, 3]" }, { "slice(array(1, 2, 3), -2, 1)", "[2]" },
        { "flatten(array(array(1), array(2, 3)))", "[1, 2, 3]" },
        { "array_append(array(1), 2)", "[1, 2]" }, { "array_prepend(array(1), 2)", "[2, 1]" },
        { "array_insert(array(1, 2), 2, 9)", "[1, 9, 2]" },
        { "array_insert(array(1, 2), 5, 9)", "[1, 2, null, null, 9]" },
        { "array_insert(array(1, 2), -1, 9)", "[1, 2, 9]" }, { "array_insert(array(1, 2), -4, 9)", "[9, null, 1, 2]" },
        { "array_remove(array(1, 2, 1), 1)", "[2]" }, { "array_compact(array(1, null))", "[1]" },
        { "array_repeat('a', 2)", "[a, a]" },
        { "array_join(array('a', null, 'b'), '-', '?')", "a-?-b" }, { "sequence(1, 7, 3)", "[1, 4, 7]" },
        { "sequence(3, 1)", "[3, 2, 1]" },
        { "sequence(date'2024-01-01', date'2024-03-01', ym'0-1')", "[2024-01-01, 2024-02-01, 2024-03-01]" },
        { "array_distinct(array(1, 2, 1, null, null))", "[1, 2, null]" },
        { "array_union(array(1, 2), array(2, 3))", "[1, 2, 3]" },
        { "array_intersect(array(1, 2, 2), array(2, 3))", "[2]" }, { "array_except(array(1, 2, 1), array(2))", "[1]" },
        { "arrays_overlap(array(1, null), array(2))", "NULL" },
        { "arrays_zip(array(1, 2), array('a'))", "[{1, a}, {2, null}]" }, { "concat(array(1), array(2L))", "[1, 2]" },
            { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(maps_and_structs)
{
    static const expr_case cases[] = {
        { "map('a', 1)['b']", "NULL" }, { "map('a', 1)['a']", "1" }, { "element_at(map('a', 1), 'b')", "NULL" },
        { "map('a', 1, 'a', 2)", "!DUPLICATED_MAP_KEY" },
        { "map_keys(map('a', 1, 'b', 2))", "[a, b]" }, { "map_values(map('a', 1, 'b', 2))", "[1, 2]" },
        { "map_entries(map('a', 1))", "[{a, 1}]" },
        { "map_from_arrays(array(1, 2), array('a', 'b'))", "{1 -> a, 2 -> b}" },
        { "map_from_entries(array(struct(1, 'a')))", "{1 -> a}" },
        { "map_concat(map(1, 'a'), map(2, 'b'))", "{1 -> a, 2 -> b}" },
        { "str_to_map('a:1,b:2,c')", "{a -> 1, b -> 2, c -> null}" },
        { "map_contains_key(map(1, 2), 1)", "true" }, { "struct(1, 'a', null)", "{1, a, null}" },
        { "named_struct('x', 1, 'y', 'b')", "{1, b}" },
        { "if(true, struct(1, 'a'), struct(2, 'b'))", "{1, a}" }, { "coalesce(null, array(1))", "[1]" },
        { "size(map(1, 2))", "1" },
        { "getarraystructfields(array(named_struct('x', 1), named_struct('x', 2)), 'x')", "[1, 2]" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(lambdas)
{
    static const expr_case cases[] = {
        { "transform(array(1, 2, 3), x -> +(x, 1))", "[2, 3, 4]" },
        { "transform(array(5, 6), (x, i) -> +(x, i))", "[5, 7]" },
        { "filter(array(1, 2, 3), x -> >(x, 1))", "[2, 3]" }, { "exists(array(1, null), x -> =(x, 2))", "NULL" },
        { "forall(array(1, 2), x -> >(x, 0))", "true" },
        { "aggregate(array(1, 2, 3), 0, (acc, x) -> +(acc, x))", "6" },
        { "aggregate(array(1, 2, 3), 0, (acc, x) -> +(acc, x), a -> *(a, 10))", "60" },
        { "zip_with(array(1, 2), array(10), (x, y) -> coalesce(y, x))", "[10, 2]" },
        { "map_filter(map(1, 2, 3, 1), (k, v) -> >(k, v))", "{3 -> 1}" },
        { "transform_values(map(1, 2), (k, v) -> +(k, v))", "{1 -> 3}" },
        { "transform_keys(map(1, 2), (k, v) -> +(k, v))", "{3 -> 2}" },
        { "map_zip_with(map(1, 'a', 2, 'b'), map(1, 'x'), (k, v, w) -> concat_ws('-', v, w))", "{1 -> a-x, 2 -> b}" },
        { "array_sort(array(1, 3, 2), (x, y) -> -(y, x))", "[3, 2, 1]" },
        { "transform(array(array(1, 2), array(3)), x -> transform(x, y -> +(y, size(x))))", "[[3, 4], [4]]" },
        { "aggregate(cast(null, 'array<int>'), 0, (acc, x) -> +(acc, x))", "NULL" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}
