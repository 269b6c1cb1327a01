-- One source's CSV files, typed, to zstd Parquet partitioned by month. Rows are neither checked nor numbered.
COPY (
    SELECT ${selected}, CAST(date_trunc('month', ${dated}) AS DATE) AS month
    FROM read_csv('${files}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
                  columns = {${columns}})
) TO '${lake}/${source}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARTITION_BY (month), APPEND);
