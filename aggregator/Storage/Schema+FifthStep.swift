extension Schema {
    /// The five minutes in which a call was made. `date_bin` is immutable, so that an index can hold it; conditions must spell it
    /// like this for the planner to see that they mean the index.
    static func bucket(of column: String) -> String {
        "date_bin('5 minutes'::interval, \(column), '1970-01-01 00:00:00+00'::timestamptz)"
    }
    static let bucketWidth: Duration = .seconds(300)

    /// Three ways to calls without reading them all.
    ///
    /// *What lies everywhere*, a busy route's calls among all others: an exact index. By buckets instead of times, because equal keys
    /// share one entry with a list of places, 9 bytes a call instead of 40, and what arrives is entered at the right end. *What is in
    /// trouble*: the same of calls that did not succeed (outcome 0), as small as trouble is. *What is rare*: of each 32 pages, some
    /// 1,500 rows, which customers and origins may be there (Bloom filters, which leave out 99 of a hundred ranges that hold none of
    /// them, and never one that does). Routes are not among them: the planner takes a filter that passes every range for a good one,
    /// and would read all pages by it (measured: 3.3 s instead of 0.3 for what failed on a busy route in an hour of ten million).
    ///
    /// `ON ONLY` declares them: the calls that are stored already are indexed beside writers, by `MissingIndexes`.
    static let fifthStep = """
        CREATE INDEX calls_by_route ON ONLY farwatch.call_rows (\(bucket(of: "time")), route);
        CREATE INDEX calls_in_trouble ON ONLY farwatch.call_rows (\(bucket(of: "time")), partner) WHERE outcome <> 0;
        DROP INDEX IF EXISTS farwatch.call_rows_time_route_customer_origin_idx;
        CREATE INDEX calls_where_rare ON ONLY farwatch.call_rows USING brin (
            time,
            customer int4_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.01),
            origin int4_bloom_ops (n_distinct_per_range = 400, false_positive_rate = 0.01)
        ) WITH (pages_per_range = 32);

        ALTER TABLE farwatch.drifts ADD COLUMN told_at timestamptz;
        -- What was found before there were messages is old news.
        UPDATE farwatch.drifts SET told_at = first_seen;
        CREATE INDEX ON farwatch.drifts (first_seen) WHERE told_at IS NULL;
        COMMENT ON COLUMN farwatch.drifts.told_at IS 'when a message told of it, or a silence kept it back';
        """
}
