import Foundation
import Runtime
import Testing

@testable import AggregatorApp

/// `deploy/aggregator.yaml` says of its keys that they show the defaults.
struct ExampleSettingsTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../deploy/aggregator.yaml")

    @Test func `what the annotated file sets is what an empty one means`() throws {
        let yaml = try String(contentsOf: Self.file, encoding: .utf8)
        let document = SettingsDocument(yaml: yaml, file: "aggregator.yaml")
        let shown = AggregatorSettings(document.root)
        #expect(document.problems().isEmpty)
        let empty = AggregatorSettings(SettingsDocument(yaml: "", file: "aggregator.yaml").root)
        let (fields, defaults) = (fields(of: shown), fields(of: empty))
        #expect(fields.count > 15 && fields.keys == defaults.keys)
        for (name, value) in fields { #expect(value == defaults[name], "\(name)") }
    }

    /// Everything inside each stored property, as text.
    private func fields(of settings: AggregatorSettings) -> [String: String] {
        var fields: [String: String] = [:]
        for child in Mirror(reflecting: settings).children {
            var text = ""
            dump(child.value, to: &text)
            fields[child.label ?? ""] = text
        }
        return fields
    }
}
