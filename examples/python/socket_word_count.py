"""Counts the words of a text socket, most frequent first.

    nc -lk 9999                                                          (one terminal: type here)
    spate submit examples/python/socket_word_count.py localhost 9999     (another)
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, explode, split

host, port = sys.argv[1], int(sys.argv[2])

spark = SparkSession.builder.appName("SocketWordCount").master("local[2]").getOrCreate()
spark.sparkContext.setLogLevel("WARN")

lines = spark.readStream.format("socket").option("host", host).option("port", port).load()
words = lines.select(explode(split(col("value"), " ")).alias("word"))
counts = words.groupBy("word").count().orderBy(col("count").desc(), col("word"))

query = counts.writeStream.outputMode("complete").format("console").option("numRows", 5).start()
query.awaitTermination()
