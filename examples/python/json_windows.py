"""Counts page views per 10 seconds of event time, from JSON files as they arrive in a folder.

    spate submit examples/python/json_windows.py FOLDER [CHECKPOINT]

A line of a file: {"ts": "2024-05-01T12:00:03Z", "page": "home"}
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, window

spark = SparkSession.builder.appName("JsonWindows").getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

views = spark.readStream.schema("ts TIMESTAMP, page STRING").json(sys.argv[1])
counts = (views.withWatermark("ts", "20 seconds")
          .groupBy(window("ts", "10 seconds"), "page").count()
          .select(col("window.start").alias("from"), col("window.end").alias("to"), "page", "count"))

writer = counts.writeStream.outputMode("update").format("console").option("truncate", False)
if len(sys.argv) > 2:
    writer = writer.option("checkpointLocation", sys.argv[2])
writer.start().awaitTermination()
