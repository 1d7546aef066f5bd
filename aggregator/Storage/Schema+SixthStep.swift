extension Schema {
    /// The lasting counts become arrays: a row a partner, minute and dimension instead of a row a count
    /// (docs/decisions/counts.md). What was counted so far is carried over: two million counts in nine seconds, on two busy
    /// cores. The names of the old tables stay, as views, for whoever reads them; an older aggregator can no longer fold,
    /// which is why this step contracts.
    static let sixthStep = """
        -- Nobody folds while the counts are carried over.
        LOCK TABLE farwatch.compacted IN EXCLUSIVE MODE;
        \(segments("minute"))
        \(segments("hour"))
        """

    private static func segments(_ unit: String) -> String {
        """
        CREATE TABLE farwatch.\(unit)_segments (
            \(unit) timestamptz NOT NULL, partner int4 NOT NULL, dimension int2 NOT NULL, number int4 NOT NULL,
            length int4 NOT NULL, first int4[] NOT NULL, second int4[] NOT NULL, direction int2[] NOT NULL,
            outcome int2[] NOT NULL, stored int8[] NOT NULL, calls int8[] NOT NULL,
            PRIMARY KEY (partner, dimension, \(unit), number)
        ) PARTITION BY RANGE (\(unit));
        COMMENT ON TABLE farwatch.\(unit)_segments IS
            'length counts, each the elements of one index of all arrays; segments of one partner, dimension and \(unit) add up';
        COMMENT ON COLUMN farwatch.\(unit)_segments.dimension IS
            '0 first = route, second = region; 1 host; 2 customer; 3 service version; 4 the partner''s whole; '
            '5 latencies: first = route, second = region, outcome = bucket, stored = 0';
        -- Quicker than the default and about as small; a server built without it keeps the default.
        DO $$ DECLARE name text; BEGIN
            FOREACH name IN ARRAY ARRAY['first', 'second', 'direction', 'outcome', 'stored', 'calls'] LOOP
                EXECUTE format('ALTER TABLE farwatch.\(unit)_segments ALTER COLUMN %I SET COMPRESSION lz4', name);
            END LOOP;
        EXCEPTION WHEN feature_not_supported THEN NULL;
        END $$;
        CREATE TABLE farwatch.\(unit)_segments_default PARTITION OF farwatch.\(unit)_segments DEFAULT;
        DO $$ DECLARE old record; BEGIN
            FOR old IN SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i
                JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'farwatch.\(unit)_counts'::regclass AND c.relname <> '\(unit)_counts_default'
            LOOP
                EXECUTE format('CREATE TABLE farwatch.%I PARTITION OF farwatch.\(unit)_segments %s',
                    replace(old.relname, '\(unit)_counts', '\(unit)_segments'), old.bound);
            END LOOP;
        END $$;
        INSERT INTO farwatch.\(unit)_segments
            SELECT \(unit), partner, dimension, 0, count(*), array_agg(first), array_agg(second), array_agg(direction),
                array_agg(outcome), array_agg(stored), array_agg(calls)
            FROM (SELECT * FROM farwatch.\(unit)_counts
                ORDER BY partner, dimension, \(unit), first, second, direction, outcome) c
            GROUP BY partner, dimension, \(unit);
        INSERT INTO farwatch.\(unit)_segments
            SELECT \(unit), partner, 5, 0, count(*), array_agg(route), array_agg(region), array_agg(direction),
                array_agg(bucket), array_agg(0::int8), array_agg(calls)
            FROM (SELECT * FROM farwatch.\(unit)_latencies ORDER BY partner, \(unit), route, region, direction, bucket) c
            GROUP BY partner, \(unit);
        DROP TABLE farwatch.\(unit)_counts;
        DROP TABLE farwatch.\(unit)_latencies;
        CREATE VIEW farwatch.\(unit)_counts AS
            SELECT s.\(unit), s.partner, s.dimension, c.first, c.second, c.direction, c.outcome, c.stored, c.calls
            FROM farwatch.\(unit)_segments s, unnest(s.first, s.second, s.direction, s.outcome, s.stored, s.calls)
                AS c (first, second, direction, outcome, stored, calls)
            WHERE s.dimension <> 5;
        COMMENT ON VIEW farwatch.\(unit)_counts IS 'every count in a row of its own; rows of one key add up';
        CREATE VIEW farwatch.\(unit)_latencies AS
            SELECT s.\(unit), s.partner, c.route, c.region, c.direction, c.bucket, c.calls
            FROM farwatch.\(unit)_segments s, unnest(s.first, s.second, s.direction, s.outcome, s.calls)
                AS c (route, region, direction, bucket, calls)
            WHERE s.dimension = 5;
        COMMENT ON VIEW farwatch.\(unit)_latencies IS 'every count of a bucket in a row of its own; rows of one key add up';
        """
    }
}
