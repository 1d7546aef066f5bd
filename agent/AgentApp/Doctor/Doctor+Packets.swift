import CallModel
import Capture
import Glibc
import Runtime

/// Whether packets can be captured on this host: where they are wanted, by opening what the agent would.
extension Doctor {
    var packetFinding: Finding {
        let capture = settings.capture
        guard capture.packets else {
            return .good("packets", "off, so no interface is listened on; capture.packets: \"on\" turns them on")
        }
        do throws(CaptureError) {
            _ = try InterfaceCapture(settings.interfaceConfiguration)
        } catch {
            let remedy: String
            switch error {
            case .notPermitted: remedy = "give the service CAP_NET_RAW, or run doctor as the agent's own user"
            case .noSuchInterface: remedy = "set capture.interface to one that `ip link` lists, or to any"
            case .interfaceGone, .failed: remedy = "set capture.packets: \"off\""
            }
            return .bad("packets", "\(error)", remedy: remedy)
        }
        let ports =
            capture.ports.isEmpty
            ? "of all ports" : "of ports \(capture.ports.map(String.init).joined(separator: ", "))"
        return .good("packets", "on, \(ports), on interface \(capture.interface)")
    }

    /// That TLS is opened is never in order for long: whoever reads this is reminded.
    var keyLogFindings: [Finding] {
        guard let grant = settings.capture.keyLog else { return [] }
        guard now < grant.until else {
            return [
                .warning(
                    "key log", "expired at \(grant.until.rfc3339) and is not read",
                    remedy: "remove capture.key_log, have applications write no more, and remove \(grant.file)")
            ]
        }
        var findings: [Finding] = [
            .warning(
                "key log", "TLS of packets is opened with \(grant.file) until \(grant.until.rfc3339)",
                remedy: "remove capture.key_log as soon as it is not needed any more")
        ]
        if access(grant.file, R_OK) != 0 {
            findings.append(
                .bad(
                    "key log", "\(grant.file) cannot be read: \(systemMessage(errno))",
                    remedy: "start an application with SSLKEYLOGFILE=\(grant.file), readable for this user"))
        }
        var status = stat()
        if stat(grant.file, &status) == 0, status.st_mode & 0o077 != 0 {
            findings.append(
                .bad(
                    "key log", "\(grant.file) can be read by others, and so can whatever it opens",
                    remedy: "chmod 600 \(grant.file)"))
        }
        return findings
    }

    /// Whether what reads hostile bytes has privileges it does not need.
    var privilegeFindings: [Finding] {
        guard settings.capture.packets || settings.capture.probes != .off else { return [] }
        if let user = settings.user {
            return [.good("privileges", "what reads packets and probes runs as \(user), without any")]
        }
        // Only root has them as a matter of course; who gave one capability to a user has decided.
        guard geteuid() == 0 else { return [] }
        return [
            .warning(
                "privileges", "started as root, the agent reads packets and probes as root",
                remedy: "set `user` to one of this host's that owns nothing else")
        ]
    }
}
