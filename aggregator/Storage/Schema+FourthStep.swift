extension Schema {
    /// What is rare is found without reading everything: the index says of each 32 pages which routes, customers and origins may be
    /// there (Bloom filters: it leaves out 99 of a hundred ranges that hold none of them, and never one that does). Its filters are sized
    /// for what 32 pages hold, some 1,500 rows, and cost half a hundredth of the rows. Days that are stored already are indexed beside
    /// writers, by `MissingIndexes`; databases that made this step before it said `ON ONLY` have it whole.
    static let fourthStep = """
        CREATE INDEX calls_where_rare ON ONLY farwatch.call_rows USING brin (
            time,
            route int4_bloom_ops (n_distinct_per_range = 400, false_positive_rate = 0.01),
            customer int4_bloom_ops (n_distinct_per_range = 800, false_positive_rate = 0.01),
            origin int4_bloom_ops (n_distinct_per_range = 400, false_positive_rate = 0.01)
        ) WITH (pages_per_range = 32);

        CREATE TABLE farwatch.incident_impacts (
            incident int8 PRIMARY KEY, computed_at timestamptz NOT NULL, document json NOT NULL);
        COMMENT ON TABLE farwatch.incident_impacts IS
            'what an incident did to our own requests, in the shape of the query API; worked out again while it is open';

        CREATE TABLE farwatch.drifts (
            id text PRIMARY KEY, epoch int8 NOT NULL, partner text NOT NULL, route text NOT NULL, kind text NOT NULL,
            subject text NOT NULL, before text, after text, effective_at timestamptz, first_seen timestamptz NOT NULL,
            last_seen timestamptz NOT NULL, answers int8 NOT NULL, hosts_seeing int4 NOT NULL, hosts_calling int4 NOT NULL,
            samples text[] NOT NULL);
        CREATE INDEX ON farwatch.drifts (first_seen);
        COMMENT ON TABLE farwatch.drifts IS 'what partners changed without telling';
        """
}
