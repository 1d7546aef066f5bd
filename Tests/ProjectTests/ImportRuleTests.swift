import Foundation
import Testing

/// Keeps the rule of docs/architecture.md by reading the sources: imports point only up the table.
struct ImportRuleTests {
    /// The modules in data-flow order, each with its folder.
    private static let table: [(module: String, folder: String)] = [
        ("CallModel", "Sources"), ("Compression", "Sources"), ("Documents", "Sources"), ("CallJSON", "Sources"),
        ("PartnerCatalog", "Sources"), ("Redaction", "Sources"), ("BatchFormat", "Sources"), ("HTTP2", "Sources"),
        ("Runtime", "Sources"), ("CatalogueSettings", "Sources"), ("Transport", "Sources"),
        ("SimulationKit", "Sources"), ("farwatch-fleet", "Sources"), ("Privileges", "agent"), ("Probes", "agent"),
        ("Capture", "agent"), ("Packets", "agent"), ("Protocols", "agent"), ("Receivers", "agent"),
        ("Attribution", "agent"), ("Deduplication", "agent"), ("Express", "agent"),
        ("Spool", "agent"), ("Forwarder", "agent"), ("AgentApp", "agent"), ("farwatch-agent", "agent"),
        ("Postgres", "aggregator"), ("Ingest", "aggregator"), ("Rollups", "aggregator"), ("Contrast", "aggregator"),
        ("Detection", "aggregator"), ("Impact", "aggregator"), ("Drift", "aggregator"), ("Incidents", "aggregator"),
        ("Alerting", "aggregator"),
        ("Storage", "aggregator"), ("Notifiers", "aggregator"), ("QueryAPI", "aggregator"),
        ("Dashboard", "aggregator"), ("AggregatorApp", "aggregator"), ("farwatch-aggregator", "aggregator"),
        ("FarwatchCLI", "aggregator"), ("farwatch", "aggregator"),
    ]

    private static let shims: [String: String] = [
        "CZstd": "Compression", "CZlib": "Compression", "CBrotli": "Compression", "CLibdeflate": "Compression",
        "CSimdjson": "Documents",
        "CExpat": "Documents", "CNghttp2": "HTTP2", "CYaml": "Runtime", "CRuntime": "Runtime", "CLibpq": "Postgres",
        "CLibbpf": "Probes", "CProbes": "Probes", "CCapture": "Capture",
        "CScan": "Protocols", "CLibcrypto": "Protocols",
    ]

    private static let pure: Set<String> = [
        "CallModel", "Compression", "Documents", "CallJSON", "PartnerCatalog", "Redaction", "BatchFormat", "HTTP2",
        "Packets", "Protocols", "Attribution", "Deduplication", "Rollups", "Contrast", "Detection", "Impact",
        "Drift", "Incidents", "Alerting",
    ]

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func imports(_ module: String, _ folder: String) throws -> [(file: String, name: String)] {
        let directory = root.appending(path: "\(folder)/\(module)")
        guard let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil) else {
            return []
        }
        var found: [(file: String, name: String)] = []
        for case let file as URL in files where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                var words = line.split(separator: " ")[...]
                while let first = words.first,
                    first.hasPrefix("@") || ["public", "package", "internal", "private"].contains(first)
                {
                    words = words.dropFirst()
                }
                guard words.first == "import", let name = words.dropFirst().first else { continue }
                found.append((file.lastPathComponent, String(name.split(separator: ".")[0])))
            }
        }
        return found
    }

    @Test func `every module of the package stands in the table, and has sources`() throws {
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        for (module, folder) in Self.table {
            #expect(manifest.contains("name: \"\(module)\""), "\(module) is in the table and not in Package.swift")
            #expect(
                try !Self.imports(module, folder).isEmpty || module == "CallModel", "\(folder)/\(module) has no sources"
            )
        }
    }

    @Test func `imports point only up the table, and agent and aggregator never meet`() throws {
        let order = Dictionary(uniqueKeysWithValues: Self.table.enumerated().map { ($1.module, ($0, $1.folder)) })
        for (module, folder) in Self.table {
            for (file, name) in try Self.imports(module, folder) {
                guard let (position, theirs) = order[name] else { continue }
                #expect(
                    position < order[module]!.0,
                    "\(module)/\(file) imports \(name), which comes after it: data flows down, imports point up")
                #expect(
                    theirs == "Sources" || theirs == folder,
                    "\(module)/\(file) imports \(name): agent and aggregator meet only in Sources")
            }
        }
    }

    @Test func `each C library has exactly one importer`() throws {
        for (module, folder) in Self.table {
            for (file, name) in try Self.imports(module, folder) {
                guard let owner = Self.shims[name] else { continue }
                #expect(owner == module, "\(module)/\(file) imports \(name), which is \(owner)'s alone")
            }
        }
    }

    @Test func `pure modules reach for nothing that has effects`() throws {
        let effects: Set<String> = [
            "Foundation", "FoundationEssentials", "Logging", "NIOCore", "NIOPosix", "Dispatch", "Runtime", "Transport",
        ]
        for (module, folder) in Self.table where Self.pure.contains(module) {
            for (file, name) in try Self.imports(module, folder) {
                #expect(!effects.contains(name), "\(module)/\(file) imports \(name): a pure module has no effects")
            }
        }
    }

    @Test
    func
        `sockets are opened in Transport alone, SQL is spoken in Storage and Postgres alone, Foundation is linked nowhere`()
        throws
    {
        for (module, folder) in Self.table {
            for (file, name) in try Self.imports(module, folder) {
                #expect(!["Foundation", "FoundationEssentials"].contains(name), "\(module)/\(file) imports \(name)")
                if name == "NIOSSL" { #expect(module == "Transport", "\(module)/\(file) imports NIOSSL") }
                if name == "Postgres" {
                    #expect(["Storage", "AggregatorApp"].contains(module), "\(module)/\(file) imports Postgres")
                }
            }
        }
    }
}
