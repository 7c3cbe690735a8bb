"""What classic PySpark programs ask of SparkContext and SparkConf. Prints one fact a line."""
import sys

import helper
from pyspark import SparkConf, SparkContext, SparkFiles
from pyspark.context import SparkContext as Same
from pyspark.sql import SparkSession, Window, functions as F, types as T  # noqa: F401

print("main", __name__, sys.argv[1:])
print("conf", SparkConf().get("spark.sql.shuffle.partitions"), SparkConf(False).getAll())
sc = SparkContext(appName="mine", conf=SparkConf().set("spark.custom", "7"))
try:
    SparkContext()
except ValueError as e:
    print("second", str(e).split(";")[0])
spark = SparkSession.builder.getOrCreate()
print("same", Same is SparkContext, spark.sparkContext is sc, SparkContext.getOrCreate() is sc)
print("app", sc.appName, sc.master, sc.defaultParallelism, sc.uiWebUrl, sc.version)
print("id", sc.applicationId.startswith("local-"), isinstance(sc.startTime, int))
print("set", spark.conf.get("spark.sql.shuffle.partitions"), spark.conf.get("spark.custom"), sc.getConf().get("spark.custom"))
print("helper", helper.VALUE, open(SparkFiles.get("data.txt")).read().strip())
for name in ("parallelize", "textFile", "broadcast", "accumulator", "union"):
    try:
        getattr(sc, name)
    except AttributeError as e:
        print("no", name, "spate python" in str(e))
try:
    import pyspark.streaming
except ImportError as e:
    print("no streaming", "spate python" in str(e))
try:
    sc.setLogLevel("LOUD")
except Exception as e:
    print("level", type(e).__name__, str(e)[:23])
print("rows", [r[0] for r in spark.range(3).select((F.col("id") * 2).alias("x")).collect()])
other = spark.newSession()
other.conf.set("spark.custom", "8")
print("sessions", spark.conf.get("spark.custom"), other.conf.get("spark.custom"))
sc.stop()
again = SparkSession.builder.appName("again").getOrCreate()
print("again", again.sparkContext.appName, again.range(2).count())
