// swift-tools-version: 6.3
import PackageDescription

// Read from top to bottom this follows a call from the wire to the status: each module may import only those above it
// (docs/architecture.md has the table; Tests/ProjectTests keeps it).

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// The parsers keep their state in classes, whose every access is checked for overlap at run time: a quarter of their time. What each
// call goes through is without the checks as well. Debug builds keep them: docs/decisions/exclusivity.md.
let uncheckedWhenReleased: [SwiftSetting] = [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

let package = Package(
    name: "farwatch",
    products: [
        .executable(name: "farwatch-agent", targets: ["farwatch-agent"]),
        .executable(name: "farwatch-aggregator", targets: ["farwatch-aggregator"]),
        .executable(name: "farwatch", targets: ["farwatch"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        // Shared.
        .target(name: "CallModel", swiftSettings: uncheckedWhenReleased),
        .target(name: "Compression", dependencies: ["CZstd", "CZlib", "CLibdeflate", "CBrotli"]),
        .target(
            name: "Documents", dependencies: ["CallModel", "CSimdjson", "CExpat"], swiftSettings: uncheckedWhenReleased),
        .target(name: "CallJSON", dependencies: ["CallModel", "Documents"], swiftSettings: uncheckedWhenReleased),
        .target(
            name: "PartnerCatalog", dependencies: ["CallModel", "Documents"], swiftSettings: uncheckedWhenReleased),
        .target(
            name: "Redaction", dependencies: ["CallModel", "Documents", "PartnerCatalog"],
            swiftSettings: uncheckedWhenReleased),
        .target(
            name: "BatchFormat", dependencies: ["CallModel", "Compression"], exclude: ["batch.proto"],
            swiftSettings: uncheckedWhenReleased),
        .target(name: "HTTP2", dependencies: ["CNghttp2"]),
        .target(name: "Runtime", dependencies: ["CYaml", "CRuntime", logging]),
        .target(name: "CatalogueSettings", dependencies: ["CallModel", "Documents", "PartnerCatalog", "Runtime"]),
        .target(
            name: "Transport",
            dependencies: ["HTTP2", "Compression", "Runtime", nio, nioPosix, nioHTTP1, nioTLS, nioSSL, logging]),
        .target(name: "SimulationKit", dependencies: ["CallModel", "BatchFormat", "Runtime"]),
        .executableTarget(
            name: "farwatch-fleet",
            dependencies: [
                "CallModel", "BatchFormat", "Runtime", "SimulationKit", "Transport", nio, nioPosix, arguments,
            ], path: "Sources/farwatch-fleet"),
        // On every application host.
        .target(name: "Privileges", dependencies: ["Runtime"], path: "agent/Privileges"),
        .target(
            name: "Probes", dependencies: ["CallModel", "Runtime", "Privileges", "CLibbpf", "CProbes", logging],
            path: "agent/Probes", exclude: ["bpf"]),
        .target(name: "Capture", dependencies: ["CCapture", "Runtime", "Privileges"], path: "agent/Capture"),
        .target(name: "Packets", dependencies: ["CallModel"], path: "agent/Packets"),
        .target(
            name: "Protocols",
            dependencies: ["CallModel", "Compression", "HTTP2", "CScan", "CLibcrypto", crypto, cryptoExtras],
            path: "agent/Protocols", swiftSettings: uncheckedWhenReleased),
        .target(
            name: "Receivers",
            dependencies: [
                "CallModel", "CallJSON", "Documents", "BatchFormat", "Compression", "Transport", "Runtime", nio,
                logging,
            ], path: "agent/Receivers"),
        .target(
            name: "Attribution", dependencies: ["CallModel", "Documents", "CallJSON", "PartnerCatalog"],
            path: "agent/Attribution", swiftSettings: uncheckedWhenReleased),
        .target(name: "Deduplication", dependencies: ["CallModel"], path: "agent/Deduplication"),
        .target(
            name: "Express",
            dependencies: [
                "CallModel", "Documents", "CallJSON", "PartnerCatalog", "Redaction", "BatchFormat", "Receivers",
                "Attribution", "Deduplication",
            ], path: "agent/Express", swiftSettings: uncheckedWhenReleased),
        .target(
            name: "Spool",
            dependencies: ["CallModel", "Compression", "BatchFormat", "Runtime", "Deduplication", logging],
            path: "agent/Spool"),
        .target(
            name: "Forwarder", dependencies: ["BatchFormat", "Transport", "Runtime", nio, nioPosix, logging],
            path: "agent/Forwarder"),
        .target(
            name: "AgentApp",
            dependencies: [
                "CallModel", "Documents", "CallJSON", "PartnerCatalog", "Redaction", "BatchFormat", "Runtime",
                "CatalogueSettings", "Transport", "Compression", "Privileges", "Probes", "Capture", "Packets",
                "Protocols",
                "Receivers",
                "Attribution",
                "Deduplication", "Express", "Spool", "Forwarder", nio, nioPosix, logging, arguments,
            ], path: "agent/AgentApp"),
        .executableTarget(name: "farwatch-agent", dependencies: ["AgentApp", arguments], path: "agent/farwatch-agent"),
        // The central service.
        .target(name: "Postgres", dependencies: ["CLibpq", "Runtime", logging], path: "aggregator/Postgres"),
        .target(
            name: "Ingest", dependencies: ["CallModel", "BatchFormat", "Transport", "Runtime", nio, logging],
            path: "aggregator/Ingest"),
        .target(name: "Rollups", dependencies: ["CallModel"], path: "aggregator/Rollups"),
        .target(name: "Contrast", dependencies: ["CallModel", "Documents"], path: "aggregator/Contrast"),
        .target(name: "Detection", dependencies: ["CallModel", "Rollups"], path: "aggregator/Detection"),
        .target(name: "Impact", dependencies: ["CallModel"], path: "aggregator/Impact"),
        .target(name: "Drift", dependencies: ["CallModel", "Documents", "Detection"], path: "aggregator/Drift"),
        .target(
            name: "Incidents", dependencies: ["CallModel", "Documents", "Rollups", "Detection"],
            path: "aggregator/Incidents"),
        .target(name: "Alerting", dependencies: ["CallModel", "Documents", "Incidents"], path: "aggregator/Alerting"),
        .target(
            name: "Storage",
            dependencies: [
                "CallModel", "Compression", "Documents", "BatchFormat", "Rollups", "Impact", "Drift", "Alerting",
                "Postgres",
                "Runtime",
            ],
            path: "aggregator/Storage"),
        .target(
            name: "Notifiers",
            dependencies: ["CallModel", "Documents", "Alerting", "Transport", "Runtime", nio, crypto],
            path: "aggregator/Notifiers"),
        .target(
            name: "QueryAPI",
            dependencies: [
                "CallModel", "Compression", "Documents", "CallJSON", "PartnerCatalog", "Contrast", "Detection",
                "Impact",
                "Drift", "Alerting", "Storage", "Transport", "Runtime", nio, crypto, logging,
            ], path: "aggregator/QueryAPI"),
        .target(
            name: "Dashboard", dependencies: ["CallModel", "Documents", "Drift", "Storage", "QueryAPI"],
            path: "aggregator/Dashboard"),
        .target(
            name: "AggregatorApp",
            dependencies: [
                "CallModel", "Documents", "CallJSON", "BatchFormat", "PartnerCatalog", "Runtime", "CatalogueSettings",
                "Transport", "Postgres", "Ingest", "Rollups", "Detection", "Drift", "Incidents", "Alerting", "Storage",
                "Notifiers", "QueryAPI", "Dashboard",
                nio, nioPosix, crypto, logging, arguments,
            ], path: "aggregator/AggregatorApp"),
        .executableTarget(
            name: "farwatch-aggregator", dependencies: ["AggregatorApp", arguments],
            path: "aggregator/farwatch-aggregator"),
        .target(
            name: "FarwatchCLI",
            dependencies: [
                "CallModel", "Documents", "CallJSON", "PartnerCatalog", "Redaction", "Contrast", "Transport", "Runtime",
                nio, nioPosix, arguments,
            ], path: "aggregator/FarwatchCLI"),
        .executableTarget(name: "farwatch", dependencies: ["FarwatchCLI", arguments], path: "aggregator/farwatch"),
        // C libraries, each with exactly one importer.
        .systemLibrary(name: "CZstd", path: "Sources/Shims/CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CZlib", path: "Sources/Shims/CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CBrotli", path: "Sources/Shims/CBrotli", pkgConfig: "libbrotlidec"),
        .systemLibrary(name: "CLibdeflate", path: "Sources/Shims/CLibdeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CExpat", path: "Sources/Shims/CExpat", pkgConfig: "expat"),
        .systemLibrary(name: "CYaml", path: "Sources/Shims/CYaml", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CNghttp2", path: "Sources/Shims/CNghttp2", pkgConfig: "libnghttp2"),
        .systemLibrary(name: "CCapture", path: "agent/Shims/CCapture"),
        .systemLibrary(name: "CScan", path: "agent/Shims/CScan"),
        .systemLibrary(name: "CLibpq", path: "aggregator/Shims/CLibpq", pkgConfig: "libpq"),
        .target(
            name: "CSimdjson", path: "Sources/Shims/CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(name: "CLibbpf", path: "agent/Shims/CLibbpf", pkgConfig: "libbpf"),
        .target(name: "CLibcrypto", path: "agent/Shims/CLibcrypto"),
        .target(name: "CProbes", path: "agent/Probes/bpf", exclude: ["probes.bpf.c", "kernel_types.h"]),
        .target(name: "CRuntime", path: "Sources/Shims/CRuntime"),
        // Tests.
        .testTarget(name: "CallModelTests", dependencies: ["CallModel"]),
        .testTarget(name: "CompressionTests", dependencies: ["Compression"]),
        .testTarget(name: "DocumentsTests", dependencies: ["SimulationKit", "Documents"]),
        .testTarget(name: "CallJSONTests", dependencies: ["SimulationKit", "CallModel", "Documents", "CallJSON"]),
        .testTarget(
            name: "PartnerCatalogTests", dependencies: ["SimulationKit", "CallModel", "Documents", "PartnerCatalog"]),
        .testTarget(name: "RedactionTests", dependencies: ["CallModel", "CallJSON", "PartnerCatalog", "Redaction"]),
        .testTarget(name: "BatchFormatTests", dependencies: ["SimulationKit", "CallModel", "BatchFormat"]),
        .testTarget(name: "HTTP2Tests", dependencies: ["SimulationKit", "HTTP2"]),
        .testTarget(name: "RuntimeTests", dependencies: ["SimulationKit", "Runtime", logging], exclude: ["Golden"]),
        .testTarget(
            name: "CatalogueSettingsTests",
            dependencies: ["CallModel", "Documents", "PartnerCatalog", "Runtime", "CatalogueSettings"]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", nio, nioPosix, logging]),
        .testTarget(name: "PrivilegesTests", dependencies: ["Runtime", "Privileges"]),
        .testTarget(name: "ProbesTests", dependencies: ["SimulationKit", "CallModel", "Privileges", "Probes"]),
        .testTarget(name: "CaptureTests", dependencies: ["Capture"]),
        .testTarget(name: "PacketsTests", dependencies: ["SimulationKit", "CallModel", "Packets"]),
        .testTarget(
            name: "ProtocolsTests",
            dependencies: ["CallModel", "Compression", "Documents", "HTTP2", "Packets", "Protocols"]),
        .testTarget(
            name: "TLSTests",
            dependencies: ["SimulationKit", "CallModel", "Packets", "Protocols", crypto, cryptoExtras]),
        .testTarget(
            name: "ReceiversTests",
            dependencies: [
                "SimulationKit", "CallModel", "Compression", "Documents", "CallJSON", "BatchFormat", "Transport",
                "Runtime", "Receivers", nio, nioPosix,
            ]),
        .testTarget(name: "AttributionTests", dependencies: ["CallModel", "Documents", "Attribution"]),
        .testTarget(
            name: "ExpressTests",
            dependencies: [
                "CallModel", "Compression", "Documents", "CallJSON", "PartnerCatalog", "Redaction", "BatchFormat",
                "Protocols", "Attribution", "Express",
            ]),
        .testTarget(name: "DeduplicationTests", dependencies: ["CallModel", "Deduplication"]),
        .testTarget(
            name: "AgentAppTests",
            dependencies: [
                "CallModel", "Documents", "PartnerCatalog", "Redaction", "BatchFormat", "Runtime", "Transport",
                "Probes", "Protocols", "Attribution", "Spool", "Forwarder", "CatalogueSettings", "AgentApp", nio,
                nioPosix,
                logging,
            ]),
        .testTarget(
            name: "SpoolTests",
            dependencies: ["CallModel", "BatchFormat", "Runtime", "SimulationKit", "Deduplication", "Spool"]),
        .testTarget(name: "ForwarderTests", dependencies: ["SimulationKit", "Forwarder", "Transport"]),
        .testTarget(name: "PostgresTests", dependencies: ["SimulationKit", "Runtime", "Postgres", logging]),
        .testTarget(name: "ContrastTests", dependencies: ["CallModel", "Documents", "Contrast"]),
        .testTarget(name: "DetectionTests", dependencies: ["CallModel", "Rollups", "Detection"]),
        .testTarget(name: "ImpactTests", dependencies: ["CallModel", "Impact"]),
        .testTarget(name: "DriftTests", dependencies: ["CallModel", "Documents", "Drift"]),
        .testTarget(
            name: "IncidentsTests", dependencies: ["CallModel", "Documents", "Rollups", "Detection", "Incidents"]),
        .testTarget(
            name: "AlertingTests",
            dependencies: ["CallModel", "Documents", "Rollups", "Detection", "Incidents", "Alerting"]),
        .testTarget(
            name: "NotifiersTests",
            dependencies: ["CallModel", "Documents", "Alerting", "Notifiers", "Transport", "Runtime", nio, nioPosix]),
        .testTarget(name: "IngestTests", dependencies: ["CallModel", "BatchFormat", "Transport", "Ingest"]),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "CallModel", "BatchFormat", "Runtime", "Transport", "SimulationKit", "Spool", "Forwarder", "Postgres",
                "Ingest", "Rollups", "Storage",
            ]),
        .testTarget(name: "RollupsTests", dependencies: ["CallModel", "Rollups"]),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "CallModel", "Rollups", "BatchFormat", "Impact", "Drift", "Postgres", "Runtime", "SimulationKit",
                "Storage", logging,
            ]),
        .testTarget(
            name: "QueryAPITests",
            dependencies: [
                "CallModel", "Compression", "Documents", "PartnerCatalog", "Impact", "Drift", "Storage", "Transport",
                "Runtime", "QueryAPI", "Dashboard", "SimulationKit", nio, logging,
            ]),
        .testTarget(
            name: "AggregatorAppTests",
            dependencies: ["CallModel", "Runtime", "Incidents", "Alerting", "AggregatorApp"]),
        .testTarget(name: "ProjectTests"),
    ],
    cxxLanguageStandard: .cxx17
)

// Their tests look inside, in the one build there is: the release's.
let opened: Set<String> = [
    "PartnerCatalog", "CatalogueSettings", "Spool", "AgentApp", "Contrast", "Incidents", "Alerting", "Storage",
    "Notifiers", "QueryAPI", "AggregatorApp", "Transport", "Detection", "Deduplication", "Impact", "Drift",
]
for target in package.targets where opened.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-enable-testing"])]
}
