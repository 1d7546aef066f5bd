extension Schema {
    /// The five minutes in which a call was made. `date_bin` is immutable, so that an index can hold it; conditions must spell it
    /// like this for the planner to see that they mean the index.
    static func bucket(of column: String) -> String {
        "date_bin('5 minutes'::interval, \(column), '1970-01-01 00:00:00+00'::timestamptz)"
    }
    static let bucketWidth: Duration = .seconds(300)

    /// What lies in every range of pages is found without reading them all: the calls of a busy route, and those that failed.
    ///
    /// By buckets instead of times, because equal keys share one entry with a list of places: 9 bytes a call instead of 40, and what
    /// arrives is entered at the right end of the index. An outcome of 0 is a success, so that the second index is as small as trouble is.
    ///
    /// `ON ONLY` declares them: the calls that are stored already are indexed beside writers, by `MissingIndexes`.
    static let fifthStep = """
        CREATE INDEX calls_by_route ON ONLY farwatch.call_rows (\(bucket(of: "time")), route);
        CREATE INDEX calls_in_trouble ON ONLY farwatch.call_rows (\(bucket(of: "time")), partner) WHERE outcome <> 0;

        ALTER TABLE farwatch.drifts ADD COLUMN told_at timestamptz;
        -- What was found before there were messages is old news.
        UPDATE farwatch.drifts SET told_at = first_seen;
        CREATE INDEX ON farwatch.drifts (first_seen) WHERE told_at IS NULL;
        COMMENT ON COLUMN farwatch.drifts.told_at IS 'when a message told of it, or a silence kept it back';
        """
}
