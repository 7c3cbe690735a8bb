/* test_query.c -- queries: clauses, joins, set operations, windows, pivots, streams, pipes.
 *
 * Each row: a text, and its tree as sp_sql_dump_* prints it. */
#include "sql_test.h"

static const sql_row queries[] = {
    { "select 1", "(project (1) (one-row))" },
    { "SELECT a, b+1*2 AS c, -x, - 5, NOT a = b AND c OR d FROM t WHERE a BETWEEN 1 AND 2 AND s LIKE 'x%' ESCAPE "
      "'/' GROUP BY a, b HAVING count(*) > 1 ORDER BY a DESC NULLS LAST, b LIMIT 10 OFFSET 3",
      "(limit 10 (offset 3 (order (a:desc b) (having (> (count 1) 1) (aggregate (a b) (a (as (+ b (* 1 2)) c) (- "
      "x) -5 (or (and (not (= a b)) c) d)) (filter (and (between a 1 2) (like s 'x%' '/')) (table t)))))))" },
    { "SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (k) CROSS JOIN d NATURAL FULL OUTER JOIN e",
      "(project (*) (full:natural (cross (left using (k) (join on (= a.x b.x) (table a) (table b)) (table c)) "
      "(table d)) (table e)))" },
    { "SELECT k, sum(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), rank() OVER w "
      "FROM t WINDOW w AS (ORDER BY z)",
      "(project (k (over (sum v) (by (k) order (ts) rows (- 1) current)) (over (rank) (by () order (z)))) (table "
      "t))" },
    { "WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
      "(with-recursive (r) (project (n) (table r)) (alias r (n) (union-all (values (1)) (project ((+ n 1)) "
      "(filter (< n 5) (table r))))))" },
    { "SELECT window.start, k, count(*) FROM STREAM(input) WATERMARK ts DELAY OF INTERVAL 10 SECONDS GROUP BY "
      "window(ts, '5 seconds'), k",
      "(aggregate ((window ts '5 seconds') k) (window.start k (count 1)) (watermark (ts) 0:10000000 (stream "
      "input)))" },
    { "SELECT * FROM STREAM input", "(project (*) (stream input))" },
    { "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL 3 DAYS 2 HOURS, INTERVAL '1 02:03:04.5' DAY TO SECOND, "
      "INTERVAL -5 SECONDS, interval '10 minutes', INTERVAL '5' DAY",
      "(project (ym:14:0-1 dt:266400000000:0-1 dt:93784500000:0-3 dt:-5000000:3-3 dt:600000000:2-2 "
      "dt:432000000000:0-0) (one-row))" },
    { "SELECT 1L, 1S, 1Y, 1.5, .5, 1e2, 1.5BD, 1e2BD, 2D, 3F, 99999999999, 123456789012345678901, X'1C7', DATE "
      "'2024-01-02', TIMESTAMP '2024-01-02 03:04:05', 'a''b', 'a\\nb', r'a\\nb', \"dq\", 'x' 'y'",
      "(project (1L 1S 1Y 1.5BD(2,1) 0.5BD(1,1) 100D 1.5BD(2,1) 100BD(3,0) 2D 3F 99999999999L "
      "123456789012345678901BD(21,0) X'01C7' date:2024-01-02 12:1704164645000000 'a'b' 'a\nb' 'a\\nb' 'dq' 'xy') "
      "(one-row))" },
    { "FROM t SELECT a WHERE b > 1", "(project (a) (filter (> b 1) (table t)))" },
    { "FROM t |> WHERE a > 1 |> AGGREGATE sum(b) AS s GROUP BY a |> ORDER BY s |> LIMIT 3",
      "(limit 3 (order (s) (aggregate (a) (a (as (sum b) s)) (filter (> a 1) (table t)))))" },
    { "SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE a WHEN 1 THEN 'x' END, CAST(a AS DECIMAL(10,2)), a::int, "
      "TRY_CAST(b AS ARRAY<STRUCT<x: INT>>), EXTRACT(YEAR FROM d), substring(a FROM 2 FOR 3), substring(a, 2), "
      "trim(BOTH 'x' FROM y), trim(z), position('a' IN b), overlay(a PLACING b FROM 2)",
      "(project ((when a 1 2) (when (= a 1) 'x') (cast a decimal(10,2)) (cast a int) (try_cast b "
      "array<struct<x:int>>) (extract 'YEAR' d) (substring a 2 3) (substring a 2) (trim 'x' y) (trim z) (locate "
      "'a' b 1) (overlay a b 2 -1)) (one-row))" },
    { "SELECT transform(xs, x -> x + 1), reduce(xs, 0, (acc, x) -> acc + x), m['k'], a.b.c[0].d, f(a => 1, b => "
      "2), count(DISTINCT x) FILTER (WHERE y > 0), first(x) IGNORE NULLS, first(x IGNORE NULLS), "
      "percentile_cont(0.5) WITHIN GROUP (ORDER BY v)",
      "(project ((transform xs (lambda (x) (+ x 1))) (reduce xs 0 (lambda (acc x) (+ acc x))) (get m 'k') (get "
      "(get a.b.c 0) 'd') (f (named 1 a) (named 2 b)) (count:distinct x filter (> y 0)) (first:ignore x true) "
      "(first x true) (percentile_cont 0.5BD(1,1) within (by () order (v)))) (one-row))" },
    { "SELECT a IN (1, 2), a NOT IN (SELECT x FROM t), EXISTS (SELECT 1), exists(xs, x -> x > 1), (SELECT max(v) "
      "FROM t), a IS NOT NULL, a IS NOT DISTINCT FROM b, a IS TRUE, x RLIKE 'y', x NOT ILIKE ANY ('a%', 'b%')",
      "(project ((in a 1 2) (not (in a (project (x) (table t)))) (exists (project (1) (one-row))) (exists xs "
      "(lambda (x) (> x 1))) (scalar (project ((max v)) (table t))) (isnotnull a) (<=> a b) (<=> a true) (rlike x "
      "'y') (or (not (ilike x 'a%')) (not (ilike x 'b%')))) (one-row))" },
    { "SELECT * EXCEPT (v), t.* FROM t", "(project (*:except(v) t.*) (table t))" },
    { "SELECT a, explode(xs) AS x, posexplode(ys) AS (p, y) FROM t LATERAL VIEW OUTER explode(m) mm AS k, v "
      "LATERAL VIEW explode(q) z",
      "(project (a (as (explode xs) x) (as (posexplode ys) (p y))) (lateral-view z ((explode q)) "
      "(lateral-view-outer mm (k v) ((explode m)) (table t))))" },
    { "SELECT * FROM VALUES (1, 'a'), (2, 'b') AS t(id, s)",
      "(project (*) (alias t (values (1 'a') (2 'b') (id s))))" },
    { "VALUES (1, 2), (3, 4)", "(values (1 2) (3 4))" },
    { "SELECT * FROM range(10) r, LATERAL explode(array(1,2)) AS e(x), (SELECT 1) s",
      "(project (*) (join (join:lateral (alias r (function range (10))) (alias e (x) (function explode ((array 1 "
      "2))))) (alias s (project (1) (one-row)))))" },
    { "SELECT a, b, sum(c) FROM t GROUP BY ROLLUP(a, b)", "(rollup (a b) (a b (sum c)) (table t))" },
    { "SELECT a, b, sum(c) FROM t GROUP BY GROUPING SETS ((a, b), a, ())",
      "(grouping-sets (a b) (a b (sum c)) sets (a b) (a) () (table t))" },
    { "SELECT a, b, sum(c) FROM t GROUP BY a, CUBE(b, c)",
      "(grouping-sets (a b c) (a b (sum c)) sets (a b c) (a b) (a c) (a) (table t))" },
    { "SELECT a, b, sum(c) FROM t GROUP BY a, b WITH ROLLUP", "(rollup (a b) (a b (sum c)) (table t))" },
    { "SELECT a, count(*) FROM t GROUP BY ALL ORDER BY ALL",
      "(order-all (ALL) (aggregate-all () (a (count 1)) (table t)))" },
    { "SELECT * FROM t PIVOT (sum(v) AS s FOR k IN ('a' AS aa, 'b'))",
      "(project (*) (pivot ((as (sum v) s)) k ((as 'a' aa) 'b') (table t)))" },
    { "SELECT * FROM t UNPIVOT INCLUDE NULLS (val FOR name IN (v AS vv, w))",
      "(project (*) (unpivot-nulls (name val) ((as v vv)) (w) (table t)))" },
    { "SELECT * FROM t UNPIVOT ((a, b) FOR n IN ((x, y) AS p, (z, w)))",
      "(project (*) (unpivot (n a b) ((as x p) (as y p)) (z w) (table t)))" },
    { "SELECT /*+ BROADCAST(t), COALESCE(3) */ * FROM t",
      "(hint BROADCAST (t) (hint COALESCE (3) (project (*) (table t))))" },
    { "SELECT a FROM x UNION ALL SELECT b FROM y INTERSECT SELECT c FROM z EXCEPT SELECT 1",
      "(except (union-all (project (a) (table x)) (intersect (project (b) (table y)) (project (c) (table z)))) "
      "(project (1) (one-row)))" },
    { "(SELECT 1) UNION (SELECT 2) ORDER BY 1", "(order (1) (union (project (1) (one-row)) (project (2) (one-row))))" },
    { "SELECT ((SELECT 1) UNION (SELECT 2))",
      "(project ((scalar (union (project (1) (one-row)) (project (2) (one-row))))) (one-row))" },
    { "SELECT * FROM ((SELECT 1) UNION (SELECT 2)) x",
      "(project (*) (alias x (union (project (1) (one-row)) (project (2) (one-row)))))" },
    { "SELECT * FROM ((SELECT 1 AS a) x JOIN b ON true)",
      "(project (*) (join on true (alias x (project ((as 1 a)) (one-row))) (table b)))" },
    { "SELECT * FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (7) s", "(project (*) (alias s (sample 0 0.1 (table t))))" },
    { "SELECT * FROM t TABLESAMPLE (5 ROWS)", "(project (*) (limit 5 (table t)))" },
    { "SELECT current_date, current_timestamp(), user FROM t",
      "(project (current_date (current_timestamp) user) (table t))" },
    { "SELECT date_add(DAY, 1, x), datediff(HOUR, a, b), datediff(a, b), date_add(x, 1)",
      "(project ((timestampadd 'DAY' 1 x) (timestampdiff 'HOUR' a b) (datediff a b) (date_add x 1)) (one-row))" },
    { "SELECT :x, ?, ? FROM t LIMIT :n", "(limit :n (project (:x ?0 ?1) (table t)))" },
    { "SELECT from_json(s, 'a INT') j, struct(a, b AS c), named_struct('a', 1), (1, 2), array(1)[0]",
      "(project ((as (from_json s 'a INT') j) (struct a (as b c)) (named_struct 'a' 1) (struct 1 2) (get (array "
      "1) 0)) (one-row))" },
    { "SELECT a div 2, b % 3, c || 'x' || d, a & 1 | 2 ^ 3, ~a, a << 1, !b",
      "(project ((div a 2) (% b 3) (|| (|| c 'x') d) (| (& a 1) (^ 2 3)) (~ a) (<< a 1) (not b)) (one-row))" },
    { "TABLE t", "(table t)" },
    { "SELECT * FROM IDENTIFIER('a.b')", "(project (*) (table a.b))" },
    { "SELECT * FROM json.`/tmp/x`", "(project (*) (table json./tmp/x))" },
    { "SELECT a.`b c`, `x``y` FROM `my db`.t AS `q`", "(project (a.b c x`y) (alias q (table my db.t)))" },
    { "SELECT DISTINCT a FROM t DISTRIBUTE BY a SORT BY b",
      "(sort (b) (distribute (a) (distinct (project (a) (table t)))))" },
    { "SELECT 1 -- comment", "(project (1) (one-row))" },
    { "SELECT 1 /* a /* nested */ b */ + 2;;", "(project ((+ 1 2)) (one-row))" },
    { "SELECT a FROM t CLUSTER BY a, b", "(sort (a b) (distribute (a b) (project (a) (table t))))" },
    { "FROM a INSERT INTO x SELECT 1 INSERT OVERWRITE y SELECT 2",
      "(command MultiInsert ( InsertIntoStatement x (project (1) (table a))) ( InsertIntoStatement y :overwrite "
      "(project (2) (table a))))" },
    { "FROM t", "(table t)" },
    { "FROM t |> EXTEND a + 1 AS b |> SET a = 2 |> DROP c |> AS u",
      "(alias u (project (*:except(c)) (with-columns ((as 2 a)) (project (* (as (+ a 1) b)) (table t)))))" },
    { "FROM t |> JOIN s ON t.a = s.a |> UNION ALL TABLE u |> TABLESAMPLE (1 ROWS)",
      "(limit 1 (union-all (join on (= t.a s.a) (table t) (table s)) (table u)))" },
    { "TABLE t |> PIVOT (sum(v) FOR k IN (1, 2)) |> AGGREGATE count(*)",
      "(aggregate () ((count 1)) (pivot ((sum v)) k (1 2) (table t)))" },
    { "SELECT * FROM t TABLESAMPLE (BUCKET 1 OUT OF 4) |> OFFSET 2",
      "(offset 2 (project (*) (sample 0 0.25 (table t))))" },
    { "SELECT * FROM STREAM(db.t) WITH ('maxFilesPerTrigger' = '1') AS s",
      "(project (*) (alias s (stream db.t {maxFilesPerTrigger=1;})))" },
    { "SELECT * FROM t WATERMARK to_timestamp(x) AS ts DELAY OF INTERVAL '1' MINUTE u JOIN v USING (k)",
      "(project (*) (join using (k) (alias u (watermark ((as (to_timestamp x) ts)) 0:60000000 (table t))) (table "
      "v)))" },
    { "SELECT * FROM (SELECT 1) WATERMARK a DELAY OF INTERVAL 1 MONTH",
      "(project (*) (alias __auto_generated_subquery_name (watermark (a) 1:0 (project (1) (one-row)))))" },
    { "SELECT * FROM stream", "(project (*) (table stream))" },
    { "SELECT * FROM stream WHERE stream.a = 1", "(project (*) (filter (= stream.a 1) (table stream)))" },
    { "SELECT * FROM a, b LEFT SEMI JOIN c ON a.x = c.x RIGHT JOIN d LEFT ANTI JOIN e",
      "(project (*) (join (table a) (anti (right (semi on (= a.x c.x) (table b) (table c)) (table d)) (table e))))" },
    { "SELECT * FROM a LEFT JOIN LATERAL (SELECT a.x) b ON true",
      "(project (*) (left:lateral on true (table a) (alias b (project (a.x) (one-row)))))" },
    { "SELECT * FROM f(TABLE(t) PARTITION BY a ORDER BY b, x => 1)",
      "(project (*) (function f ((table-argument (table t) (by (a) order (b))) (named 1 x))))" },
    { "SELECT * FROM f(TABLE (SELECT 1) WITH SINGLE PARTITION)",
      "(project (*) (function f ((table-argument (project (1) (one-row))))))" },
    { "SELECT a x, b y FROM t AS u (a, b) WHERE x > ALL",
      "(project ((as a x) (as b y)) (filter (> x ALL) (alias u (a b) (table t))))" },
    { "SELECT 1 AS from, 2 AS order FROM t ORDER BY order",
      "(order (order) (project ((as 1 from) (as 2 order)) (table t)))" },
    { "SELECT a limit FROM t limit 5", "(limit 5 (project ((as a limit)) (table t)))" },
    { "SELECT * FROM t limit", "(project (*) (alias limit (table t)))" },
    { "SELECT * FROM t window", "(project (*) (alias window (table t)))" },
    { "SELECT sum(x) OVER w, avg(x) OVER (w) FROM t WINDOW v AS (PARTITION BY a), w AS v ORDER BY 1",
      "(order (1) (project ((over (sum x) (by (a) order ())) (over (avg x) (by (a) order ()))) (table t)))" },
    { "SELECT (SELECT sum(x) OVER w FROM t WINDOW w AS (ORDER BY y)) FROM u",
      "(project ((scalar (project ((over (sum x) (by () order (y)))) (table t)))) (table u))" },
    { "SELECT ALL a, DISTINCT FROM t", "(project (a DISTINCT) (table t))" },
    { "SELECT DISTINCT a FROM t HAVING max(b) > 1", "(distinct (having (> (max b) 1) (aggregate () (a) (table t))))" },
    { "SELECT a FROM t GROUP BY a GROUPING SETS ((a), ())", "(grouping-sets (a) (a) sets (a) () (table t))" },
    { "SELECT a, b FROM t GROUP BY ROLLUP((a, b), c), CUBE(d)",
      "(grouping-sets (a b c d) (a b) sets (a b c d) (a b c) (a b d) (a b) (d) () (table t))" },
    { "SELECT a FROM t GROUP BY GROUPING SETS (ROLLUP(a, b), GROUPING SETS ((c)))",
      "(grouping-sets (a b c) (a) sets (a b) (a) () (c) (table t))" },
    { "WITH a AS (SELECT 1), b (x, y) AS (SELECT 2, 3) SELECT * FROM a, b",
      "(with (a b) (project (*) (join (table a) (table b))) (alias a (project (1) (one-row))) (alias b (x y) "
      "(project (2 3) (one-row))))" },
    { "WITH a (SELECT 1) SELECT * FROM a", "(with (a) (project (*) (table a)) (alias a (project (1) (one-row))))" },
    { "(SELECT 1 LIMIT 2) UNION DISTINCT VALUES (2) MINUS ALL TABLE t LIMIT 1",
      "(limit 1 (except-all (union (limit 2 (project (1) (one-row))) (values (2))) (table t)))" },
    { "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 UNION SELECT 4",
      "(union (union (project (1) (one-row)) (intersect (project (2) (one-row)) (project (3) (one-row)))) "
      "(project (4) (one-row)))" },
    { "((SELECT 1))", "(project (1) (one-row))" },
    { "SELECT a IN ((SELECT 1)), (a, b) IN (SELECT 1, 2), ((SELECT 1) + 1)",
      "(project ((in a (scalar (project (1) (one-row)))) (in a b (project (1 2) (one-row))) (+ (scalar (project "
      "(1) (one-row))) 1)) (one-row))" },
    { "SELECT * FROM ((a JOIN b) JOIN c) d", "(project (*) (alias d (join (join (table a) (table b)) (table c))))" },
    { "SELECT * FROM VALUES 1, 2 t", "(project (*) (alias t (values (1) (2))))" },
    { "SELECT * EXCEPT (a, b.c) FROM t EXCEPT (SELECT 1)",
      "(except (project (*:except(a b.c)) (table t)) (project (1) (one-row)))" },
    { "SELECT t.* EXCEPT (a) FROM t", "(project (t.*:except(a)) (table t))" },
    { "SELECT /*+ REPARTITION(3, a) MERGE(t1, t2) */ /*+ SHUFFLE_HASH(t) */ DISTINCT a FROM t",
      "(hint REPARTITION (3 a) (hint MERGE (t1 t2) (hint SHUFFLE_HASH (t) (distinct (project (a) (table t))))))" },
    { "SELECT 1;", "(project (1) (one-row))" },
    { "SELECT 1 LIMIT ALL", "(project (1) (one-row))" },
    { "SELECT 1 LIMIT 1 + 1 OFFSET :o", "(limit (+ 1 1) (offset :o (project (1) (one-row))))" },
    { "SELECT `a`.* FROM `b` `c` (`d`)", "(project (a.*) (alias c (d) (table b)))" },
    { "SELECT a FROM t LATERAL VIEW json_tuple(x, 'a') j AS b WHERE b = 1",
      "(project (a) (filter (= b 1) (lateral-view j (b) ((json_tuple x 'a')) (table t))))" },
    { "SELECT count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b) AS n FROM t",
      "(project ((as (over (count 1 filter (> a 1)) (by (b) order ())) n)) (table t))" },
    { "SELECT listagg(DISTINCT x, ',') WITHIN GROUP (ORDER BY x DESC NULLS FIRST) FROM t",
      "(project ((listagg:distinct x ',' within (by () order (x:desc:first)))) (table t))" },
    { "FROM a SELECT b SELECT c WHERE d", "(union-all (project (b) (table a)) (project (c) (filter d (table a))))" },
    { "SELECT * FROM range(0, 10, 2, num_partitions => 4) AS r (n)",
      "(project (*) (alias r (n) (function range (0 10 2 (named 4 num_partitions)))))" },
    { "SELECT * FROM a NATURAL LEFT JOIN b TABLESAMPLE (5 PERCENT) c",
      "(project (*) (left:natural (table a) (alias c (sample 0 0.05 (table b)))))" },
    { "SELECT transform(a), map(1, 2), reduce(x), array(), struct(), values(1), table(1), filter(a), first(b), "
      "last(c, true), any_value(d)",
      "(project ((transform a) (map 1 2) (reduce x) (array) (struct) (values 1) (table 1) (filter a) (first b) "
      "(last c true) (any_value d)) (one-row))" },
    { "SELECT substr(a FROM 1), trim(LEADING FROM x), trim(TRAILING 'y' FROM x), position('a', b), overlay(a "
      "PLACING b FROM 1 FOR 2), extract(week FROM d)",
      "(project ((substring a 1 2147483647) (ltrim x) (rtrim 'y' x) (position 'a' b) (overlay a b 1 2) (extract "
      "'week' d)) (one-row))" },
    { 0 }
};

/* Statements of the conformance cases. */
static const sql_row cases[] = {
    { "select * from orders where order_status = 'COMPLETE'",
      "(project (*) (filter (= order_status 'COMPLETE') (table orders)))" },
    { "select order_status, count(*) as total from orders group by order_status",
      "(aggregate (order_status) (order_status (as (count 1) total)) (table orders))" },
    { "drop table if exists orders_010", "(command DropTable orders_010 :if-exists)" },
    { "drop table if exists orders_010b", "(command DropTable orders_010b :if-exists)" },
    { "select status, count(*) from orders_010 group by status",
      "(aggregate (status) (status (count 1)) (table orders_010))" },
    { "select * from values\n      (1, 'x', 1.5D, cast(2.50 as decimal(10,2)), date'2024-02-29', "
      "timestamp'2024-01-01 10:00:00.123456', true, array(1,null), map('k',1), named_struct('p',1,'q','r'), "
      "cast('ab' as binary)),\n      (null, null, null, null, null, null, null, null, null, null, null)\n      as "
      "t(i, s, d, dc, dt, ts, b, a, m, st, bin)",
      "(project (*) (alias t (values (1 'x' 1.5D (cast 2.50BD(3,2) decimal(10,2)) date:2024-02-29 "
      "12:1704103200123456 true (array 1 null) (map 'k' 1) (named_struct 'p' 1 'q' 'r') (cast 'ab' binary)) (null "
      "null null null null null null null null null null) (i s d dc dt ts b a m st bin))))" },
    { "select session_window.start, count(1) as n from ev group by session_window(t, '1 minute')",
      "(aggregate ((session_window t '1 minute')) (session_window.start (as (count 1) n)) (table ev))" },
    { "select * from ev order by t", "(order (t) (project (*) (table ev)))" },
    { "select * from ev", "(project (*) (table ev))" },
    { "select timestamp'2024-01-01 00:00:00' t, 1 v union all select timestamp'2020-01-01 00:00:00', 2",
      "(union-all (project ((as 12:1704067200000000 t) (as 1 v)) (one-row)) (project (12:1577836800000000 2) "
      "(one-row)))" },
    { "create or replace temp view sales as select * from values\n      "
      "('n','a',1,1.5D),('n','a',2,null),('n','b',null,2.5D),('s','a',7,-1D),('s',null,7,0D),(null,'b',3,3D) as "
      "t(r,p,q,x)",
      "(command CreateView sales :temporary :replace text='select * from values\n      "
      "('n','a',1,1.5D),('n','a',2,null),('n','b',null,2.5D),('s','a',7,-1D),('s',null,7,0D),(null,'b',3,3D) as "
      "t(r,p,q,x)' (project (*) (alias t (values ('n' 'a' 1 1.5D) ('n' 'a' 2 null) ('n' 'b' null 2.5D) ('s' 'a' 7 "
      "-1D) ('s' null 7 0D) (null 'b' 3 3D) (r p q x)))))" },
    { "select json_tuple('{\"a\":1,\"b\":\"x\"}', 'a', 'b', 'c')",
      "(project ((json_tuple '{\"a\":1,\"b\":\"x\"}' 'a' 'b' 'c')) (one-row))" },
    { "create or replace temp view o as select * from values "
      "(1,'a',10.5D,'x'),(2,'b',null,'y'),(3,'a',7.25D,'x'),(4,null,1D,null) as t(id,k,v,tag)",
      "(command CreateView o :temporary :replace text='select * from values "
      "(1,'a',10.5D,'x'),(2,'b',null,'y'),(3,'a',7.25D,'x'),(4,null,1D,null) as t(id,k,v,tag)' (project (*) "
      "(alias t (values (1 'a' 10.5D 'x') (2 'b' null 'y') (3 'a' 7.25D 'x') (4 null 1D null) (id k v tag)))))" },
    { "select id from o where k = :k and v > :m", "(project (id) (filter (and (= k :k) (> v :m)) (table o)))" },
    { "select ? + ?", "(project ((+ ?0 ?1)) (one-row))" },
    { "set spark.sql.shuffle.partitions", "(command Set key='spark.sql.shuffle.partitions')" },
    { "describe o", "(command DescribeRelation o)" },
    { "select count(*), sum(v), id + 1, 'x', v is null, k as kk from o group by id, v, k",
      "(aggregate (id v k) ((count 1) (sum v) (+ id 1) 'x' (isnull v) (as k kk)) (table o))" },
    { "show views", "(command ShowViews)" },
    { "drop table if exists t080", "(command DropTable t080 :if-exists)" },
    { "insert into t080 values ('new', 9.5)", "(command InsertIntoStatement t080 (values ('new' 9.5BD(2,1))))" },
    { "drop table t080", "(command DropTable t080)" },
    { "select * from t080 where a = 'new'", "(project (*) (filter (= a 'new') (table t080)))" },
    { "SHOW TABLES", "(command ShowTables)" },
    { "USE spark_catalog.default", "(command Use spark_catalog.default)" },
    { "SHOW DATABASES", "(command ShowNamespaces)" },
    { "USE default", "(command Use default)" },
    { "SHOW USER FUNCTIONS", "(command ShowFunctions word='USER')" },
    { 0 }
};

TEST(queries) { check_rows(queries, false); }
TEST(cases) { check_rows(cases, false); }

TEST_ALLOC(queries_out_of_memory) { check_rows_with_failures(queries, false); }
