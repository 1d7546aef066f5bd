import Foundation
import Runtime
import Testing

@testable import AgentApp

/// `deploy/agent.yaml` says of its keys that they show the defaults.
struct ExampleSettingsTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../deploy/agent.yaml")

    @Test func `what the annotated file sets is what an empty one means`() throws {
        let yaml = try String(contentsOf: Self.file, encoding: .utf8)
        let document = SettingsDocument(yaml: yaml, file: "agent.yaml")
        let shown = AgentSettings(document.root, ownHostName: "app-1")
        #expect(document.problems().isEmpty)
        let empty = AgentSettings(SettingsDocument(yaml: "", file: "agent.yaml").root, ownHostName: "app-1")
        let (fields, defaults) = (fields(of: shown), fields(of: empty))
        #expect(fields.count > 15 && fields.keys == defaults.keys)
        for (name, value) in fields { #expect(value == defaults[name], "\(name)") }
    }

    /// Everything inside each stored property, as text.
    private func fields(of settings: AgentSettings) -> [String: String] {
        var fields: [String: String] = [:]
        for child in Mirror(reflecting: settings).children {
            var text = ""
            dump(child.value, to: &text)
            fields[child.label ?? ""] = text
        }
        return fields
    }
}
