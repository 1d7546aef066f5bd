import CallModel

extension Schema {
    /// Counts by hour are written with those by minute, in the same transaction; here they are filled from what there is. While
    /// an older aggregator still folds beside a newer one, the calls it folds are missing from them: upgrade within minutes.
    static let secondStep = """
        CREATE TABLE farwatch.hour_counts (
            hour timestamptz NOT NULL, partner int4 NOT NULL, dimension int2 NOT NULL, first int4 NOT NULL,
            second int4 NOT NULL, direction int2 NOT NULL, outcome int2 NOT NULL, stored int8 NOT NULL, calls int8 NOT NULL,
            PRIMARY KEY (partner, dimension, hour, first, second, direction, outcome)
        ) PARTITION BY RANGE (hour);
        CREATE TABLE farwatch.hour_latencies (
            hour timestamptz NOT NULL, partner int4 NOT NULL, route int4 NOT NULL, region int4 NOT NULL,
            direction int2 NOT NULL, bucket int2 NOT NULL, calls int8 NOT NULL,
            PRIMARY KEY (partner, hour, route, region, direction, bucket)
        ) PARTITION BY RANGE (hour);
        CREATE TABLE farwatch.hour_counts_default PARTITION OF farwatch.hour_counts DEFAULT;
        CREATE TABLE farwatch.hour_latencies_default PARTITION OF farwatch.hour_latencies DEFAULT;
        COMMENT ON COLUMN farwatch.minute_counts.dimension IS
            '0 first = route, second = region; 1 host; 2 customer; 3 service version; 4 the partner''s whole';

        -- Nobody folds while the new counts are filled.
        LOCK TABLE farwatch.compacted IN EXCLUSIVE MODE;
        INSERT INTO farwatch.minute_counts
            SELECT minute, partner, 4, 0, 0, direction, outcome, sum(stored), sum(calls) FROM farwatch.minute_counts
            WHERE dimension = 0 GROUP BY minute, partner, direction, outcome;
        INSERT INTO farwatch.hour_counts
            SELECT date_trunc('hour', minute, 'UTC'), partner, dimension, first, second, direction, outcome, sum(stored),
                sum(calls)
            FROM farwatch.minute_counts GROUP BY 1, 2, 3, 4, 5, 6, 7;
        INSERT INTO farwatch.hour_latencies
            SELECT date_trunc('hour', minute, 'UTC'), partner, route, region, direction, bucket, sum(calls)
            FROM farwatch.minute_latencies GROUP BY 1, 2, 3, 4, 5, 6;

        ALTER TABLE farwatch.audit ADD COLUMN id int8 GENERATED ALWAYS AS IDENTITY;
        CREATE UNIQUE INDEX ON farwatch.audit (id);

        CREATE TABLE farwatch.evidence (
            id text PRIMARY KEY, created_at timestamptz NOT NULL, created_by text NOT NULL, title text NOT NULL,
            scope jsonb NOT NULL, call_count int4 NOT NULL, har bytea NOT NULL);
        COMMENT ON TABLE farwatch.evidence IS 'calls set aside to be handed over; they outlive the retention of calls';
        """
}
