import CallModel

/// Records of TLS 1.3, which all look like application data (RFC 8446, section 5.2).
extension TLSConnection {
    func modernRecordArrived(
        _ record: [UInt8], _ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]
    ) {
        let lane = lane(direction)
        guard record[0] == RecordType.applicationData else {
            // A ChangeCipherSpec is for middleboxes (appendix D.4); hello messages and early alerts are clear.
            if record[0] != RecordType.changeCipherSpec, lane.cipher == nil || record[0] == RecordType.alert {
                contentArrived(record[0], Array(record[5...]), direction, keys, &steps)
            }
            return
        }
        if direction == .toServer, hello?.offersEarlyData == true, isEarlyDataAccepted == nil, !isUnreadable {
            lane.isHolding = true
            return
        }
        lane.encryptedRecordCount += 1
        noteEncryptedRecord(record, direction, &steps)
        guard !isUnreadable else { return }
        if lane.cipher == nil { findModernKeys(keys) }
        guard let content = openModern(record, direction, keys) else {
            // A record of the application, whose secrets applications log later than those of the handshake.
            let mayBeEarly = direction == .toServer && hello?.offersEarlyData == true
            if !hasTrafficSecret(direction, keys), lane.cipher == nil || !mayBeEarly {
                return waitForKeys(direction, &steps)
            }
            // Early data that the server refused is passed over (section 4.2.10), as are handshake records without a secret.
            if !lane.isPastHandshake, isEarlyDataAccepted == false || lane.cipher == nil {
                return lane.encryptedRecordCount -= 1
            }
            return refused(direction, &steps)
        }
        opened(&steps)
        // The type is the last byte that is not zero (section 5.4).
        guard let end = content.lastIndex(where: { $0 != 0 }) else { return }
        contentArrived(content[end], Array(content[..<end]), direction, keys, &steps)
    }

    /// Tries the keys in force, then those of the application: the Finished that puts them there may not have been read, or their
    /// secret was not known by then.
    private func openModern(_ record: [UInt8], _ direction: StreamDirection, _ keys: KeyLog) -> [UInt8]? {
        let lane = lane(direction)
        if lane.cipher != nil, let content = lane.cipher!.open(record) { return content }
        guard !lane.isPastHandshake || lane.cipher == nil, let suite, let secret = trafficSecret(direction, keys),
            var cipher = RecordCipher(secret: secret, suite), let content = cipher.open(record)
        else { return nil }
        lane.cipher = cipher
        lane.secret = secret
        lane.isPastHandshake = true
        return content
    }

    private func hasTrafficSecret(_ direction: StreamDirection, _ keys: KeyLog) -> Bool {
        suite != nil && trafficSecret(direction, keys) != nil
    }

    private func trafficSecret(_ direction: StreamDirection, _ keys: KeyLog) -> [UInt8]? {
        guard let secrets = secrets(keys) else { return nil }
        return direction == .toServer ? secrets.clientTraffic : secrets.serverTraffic
    }

    /// The keys of the handshake, or of early data.
    func findModernKeys(_ keys: KeyLog) {
        guard let suite, let secrets = secrets(keys) else { return }
        if toClient.cipher == nil, !toClient.isPastHandshake, let secret = secrets.serverHandshake {
            use(secret, toClient, suite)
        }
        guard toServer.cipher == nil, !toServer.isPastHandshake else { return }
        if isEarlyDataAccepted == true, let early = secrets.clientEarly {
            use(early, toServer, suite)
        } else if let secret = secrets.clientHandshake {
            use(secret, toServer, suite)
        }
    }

    func use(_ secret: [UInt8], _ lane: TLSLane, _ suite: CipherSuite) {
        lane.cipher = RecordCipher(secret: secret, suite)
        lane.secret = secret
    }

    /// EndOfEarlyData: the client goes on under the keys of the handshake (section 4.5).
    func earlyDataEnded(_ keys: KeyLog) {
        guard let suite, let secret = secrets(keys)?.clientHandshake else { return toServer.cipher = nil }
        use(secret, toServer, suite)
    }

    /// Finished: this direction goes on under the application's keys (section 7.3).
    func finishedArrived(_ direction: StreamDirection, _ keys: KeyLog) {
        let lane = lane(direction)
        lane.isPastHandshake = true
        if direction == .toServer { isHandshakeComplete = true }
        guard let suite, let secret = trafficSecret(direction, keys) else { return lane.cipher = nil }
        use(secret, lane, suite)
    }

    /// KeyUpdate (section 4.6.3).
    func keyUpdated(_ direction: StreamDirection) {
        let lane = lane(direction)
        guard let suite, let secret = lane.secret else { return }
        use(KeySchedule.updated(secret, suite.schedule), lane, suite)
    }
}
