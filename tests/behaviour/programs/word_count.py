"""The word count of Spark's own guide, as written for classic PySpark: word_count.py PORT EXIT_CODE"""
import sys

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.functions import explode, split

conf = SparkConf().setMaster("local[2]").set("spark.sql.shuffle.partitions", "2")
spark = SparkSession.builder.appName("StructuredNetworkWordCount").config(conf=conf).getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
assert SparkContext.getOrCreate() is spark.sparkContext

lines = spark.readStream.format("socket").option("host", "localhost").option("port", int(sys.argv[1])).load()
words = lines.select(explode(split(lines.value, " ")).alias("word"))
counts = words.groupBy("word").count().orderBy("word")
print("before")
query = counts.writeStream.outputMode("complete").format("console").start()
while not query.lastProgress or query.lastProgress["sink"]["numOutputRows"] < 3:
    query.awaitTermination(0.05)
query.processAllAvailable()
print("after")
if sys.argv[2] == "forever":
    query.awaitTermination()
query.stop()
spark.stop()
sys.exit(int(sys.argv[2]))
