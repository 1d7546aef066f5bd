import Capture

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
}
