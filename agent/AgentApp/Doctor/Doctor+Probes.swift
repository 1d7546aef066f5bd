import Glibc
import Logging
import Probes

/// What probes could read on this host, and what not and why. Nothing is attached to any process for it.
extension Doctor {
    private static let processLineMax = 40

    var probeFindings: [Finding] {
        let configuration = settings.capture.probeConfiguration(stateDirectory: settings.stateDirectory)
        var findings = [modeFinding(configuration)]
        if configuration.mode != .off, Probes.wentDown(configuration) {
            findings.append(
                .bad(
                    "probes", "this host went down while they were attached, so they stay off",
                    remedy: "remove \(settings.stateDirectory)/probes.attached to try them again"))
        }
        // Without the privilege `HostFacts` has said it already, unless they are wanted.
        guard geteuid() == 0 || configuration.mode != .off else { return findings }
        do {
            let logger = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
            let report = try Probes.survey(
                configuration, PrivilegeSeparation.part(over: nil), logger: logger)
            findings += report.features.filter { $0.refusal != nil }.map { feature in
                .warning(
                    "probes", "\(feature.name): \(feature.lossWhenMissing)",
                    remedy: "boot a newer kernel (\(feature.refusal ?? ""))")
            }
            findings += processFindings(report.coverage)
        } catch {
            let remedy = "run as root on a kernel with /sys/kernel/btf/vmlinux, or set capture.probes: \"off\""
            findings.append(
                configuration.mode == .off
                    ? .warning("probes", "\(error)", remedy: remedy) : .bad("probes", "\(error)", remedy: remedy))
        }
        return findings
    }

    private func modeFinding(_ configuration: ProbeConfiguration) -> Finding {
        switch configuration.mode {
        case .off: .good("probes", "off, so no TLS library is read; capture.probes: \"on\" turns them on")
        case .observe: .good("probes", "observe: connections are counted, nothing is read")
        case .on where configuration.units.isEmpty: .good("probes", "on, for all processes")
        case .on: .good("probes", "on, for \(configuration.units.joined(separator: ", "))")
        }
    }

    /// One line for all processes of a program that are read the same way.
    private func processFindings(_ coverage: Coverage) -> [Finding] {
        var groups: [String: (count: Int, process: Coverage.Process)] = [:]
        for process in coverage.processes.values {
            groups[
                "\(process.command) \(process.readableBy) \(process.blindness?.rawValue ?? "")", default: (0, process)
            ]
            .count += 1
        }
        return groups.sorted { $0.key < $1.key }.prefix(Self.processLineMax).compactMap { _, group in
            let name = group.count == 1 ? group.process.command : "\(group.process.command) (\(group.count) times)"
            if !group.process.readableBy.isEmpty {
                return .good("TLS", "\(name) can be read by \(group.process.readableBy.joined(separator: ", "))")
            }
            guard let blindness = group.process.blindness else { return nil }
            return .warning(
                "TLS", "\(name) cannot be read: \(blindness.rawValue)",
                remedy: "have it send its calls by OTLP to http://\(settings.receive.address)")
        }
    }
}
