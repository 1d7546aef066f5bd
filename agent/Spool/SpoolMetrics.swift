import Runtime

extension Spool {
    /// Shows what the spool counts. The closures keep the spool alive, and read what its thread last left.
    public func register(in registry: MetricsRegistry) {
        for (name, help, count) in counts {
            registry.counter("farwatch_spool_\(name)_total", help: help, read: { [self] in Double(count(statistics)) })
        }
        for (name, help, value) in levels {
            registry.gauge("farwatch_spool_\(name)", help: help, read: { [self] in value(level) })
        }
    }

    private var counts: [(String, String, @Sendable (SpoolStatistics) -> Int)] {
        [
            ("appended_calls", "Calls written to the spool.", { $0.appendedCalls }),
            ("suppressed_calls", "Calls left out because their id came within ten minutes.", { $0.suppressedCalls }),
            ("full_appends", "Appends refused because the spool was full.", { $0.fullAppends }),
            ("full_calls", "Calls refused because the spool was full.", { $0.fullCalls }),
            ("failed_appends", "Appends that the disk refused.", { $0.failedAppends }),
            ("failed_calls", "Calls in appends that the disk refused.", { $0.failedCalls }),
            ("shed_payload_batches", "Batches that gave up payloads at the bound.", { $0.shedPayloadBatches }),
            ("shed_payload_calls", "Calls whose payloads were given up at the bound.", { $0.shedPayloadCalls }),
            ("shed_calls", "Calls given up at the bound; their counts were kept.", { $0.shedCalls }),
            ("journal_bytes", "Bytes written to journals.", { $0.journalBytes }),
            ("sealed_batches", "Batches sealed.", { $0.sealedBatches }),
            ("sealed_calls", "Calls in sealed batches.", { $0.sealedCalls }),
            ("sealed_bytes", "Compressed bytes of sealed batches.", { $0.sealedBytes }),
            ("acknowledged_batches", "Batches that the aggregator has for good.", { $0.acknowledgedBatches }),
            ("acknowledged_calls", "Calls that the aggregator has for good.", { $0.acknowledgedCalls }),
            ("set_aside_batches", "Batches that the aggregator refused for good.", { $0.setAsideBatches }),
            ("set_aside_calls", "Calls in batches that the aggregator refused for good.", { $0.setAsideCalls }),
            ("dropped_aside_batches", "Batches set aside that made room.", { $0.droppedAsideBatches }),
            ("damaged_batches", "Sealed batches that did not read back as written.", { $0.damagedBatches }),
            ("damaged_calls", "Calls in those batches, where their head could be read.", { $0.damagedCalls }),
            ("damaged_payload_batches", "Sealed batches that lost payloads.", { $0.damagedPayloadBatches }),
            ("recovered_calls", "Calls found in journals at the start.", { $0.recoveredCalls }),
            ("torn_journals", "Journals with a torn end.", { $0.tornJournals }),
            ("torn_bytes", "Bytes cut from torn journals.", { $0.tornBytes }),
            ("damaged_journal_bytes", "Bytes lost in the middle of journals.", { $0.damagedJournalBytes }),
            ("unreadable_journals", "Journals with records that could not be read.", { $0.unreadableJournals }),
            ("lost_places", "Times that the places of replays were lost.", { $0.lostPlaces }),
            ("evicted_places", "Places of replays given up for newer ones.", { $0.evictedPlaces }),
            ("evicted_ids", "Supplied ids forgotten early because too many came.", { $0.evictedIDs }),
            ("disk_errors", "File operations that the system refused.", { $0.diskErrors }),
            ("syncs", "Times the journal was synced.", { $0.syncs }),
        ]
    }

    private var levels: [(String, String, @Sendable (SpoolLevel) -> Double)] {
        [
            ("backlog_batches", "Sealed batches not acknowledged yet.", { Double($0.batchCount) }),
            ("backlog_calls", "Calls in sealed batches not acknowledged yet.", { Double($0.callCount) }),
            ("backlog_bytes", "Bytes of sealed batches not acknowledged yet.", { Double($0.byteCount) }),
            (
                "backlog_oldest_age_seconds", "Age of the oldest batch not acknowledged yet.",
                { level in
                    level.oldestSealedAt.map { max(0, Double(WallClock.now() - $0) / 1e9) } ?? 0
                }
            ),
            ("open_calls", "Calls not sealed yet.", { Double($0.openCallCount) }),
            ("disk_bytes", "Bytes of all files, in blocks.", { Double($0.diskByteCount) }),
            ("aside_batches", "Batches kept that were refused or damaged.", { Double($0.asideCount) }),
        ]
    }
}
