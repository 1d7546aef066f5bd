import CallModel
import Redaction
import Runtime

/// Reads `redaction`: the default, and what was granted for single partners.
func readRedactionPolicy(_ section: SettingsSection) -> RedactionPolicy {
    var policy = RedactionPolicy()
    let modes = RedactionMode.allCases.map(\.rawValue)
    if let word = section.choice("default", of: modes), let mode = RedactionMode(rawValue: word) {
        switch mode {
        case .none, .shape: policy.defaultMode = mode
        case .redacted, .full:
            section.report(
                "default", "is for all partners, so it can be none or shape only",
                hint: "grant \(word) under redaction.partners.<id>")
        }
    }
    policy.hash = readHashKey(section)
    policy.hashesCodes = section.bool("hash_codes") ?? false
    if policy.hashesCodes, policy.hash == nil {
        section.report("hash_codes", "needs hash_key", hint: "make one: openssl rand -hex 16")
    }
    for (partner, grant) in section.section("partners").isEmpty ? [] : section.namedSections("partners") {
        let word = grant.choice("mode", of: modes)
        let approver = grant.string("approved_by")
        let until = grant.string("until").flatMap { text -> Instant? in
            // A day means its end.
            let time = Instant(rfc3339: text) ?? Instant(rfc3339: text + "T23:59:59Z")
            if time == nil { grant.report("until", "a day such as 2027-01-31 is wanted") }
            return time
        }
        guard let mode = word.flatMap(RedactionMode.init) else {
            if word == nil {
                grant.report(nil, "a grant needs a mode", hint: "one of \(modes.joined(separator: ", "))")
            }
            continue
        }
        if mode == .redacted || mode == .full, approver == nil || until == nil {
            grant.report("mode", "\(mode.rawValue) needs approved_by and until")
        }
        policy.partners[partner] = RedactionPolicy.Grant(mode: mode, approvedBy: approver, until: until)
    }
    return policy
}

/// 32 hex digits: `openssl rand -hex 16`. The key stays on this host; with it equal masked values can be told to be equal.
private func readHashKey(_ section: SettingsSection) -> KeyedHash? {
    guard let secret = section.secret("hash_key") else { return nil }
    let digits = Array(secret.reveal.utf8)
    var key: [UInt8] = []
    for at in stride(from: 0, to: digits.count - 1, by: 2) {
        guard let byte = UInt8(String(decoding: digits[at...at + 1], as: UTF8.self), radix: 16) else { break }
        key.append(byte)
    }
    let hash = digits.count == 2 * KeyedHash.keyByteCount ? KeyedHash(key: key) : nil
    if hash == nil {
        section.report("hash_key", "32 hex digits are wanted", hint: "make them: openssl rand -hex 16")
    }
    return hash
}
