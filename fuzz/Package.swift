// swift-tools-version: 6.3
import PackageDescription

// The decoders of bytes from outside with libFuzzer around them; `deploy/fuzz` builds and runs it. A package of its own, because
// the fuzzer's instrumentation must reach every module; its folders are links into the main package, which lists the same
// targets.

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "farwatch-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        .target(name: "CallModel"),
        .target(name: "Compression", dependencies: ["CZstd", "CZlib", "CLibdeflate", "CBrotli"]),
        .target(name: "Documents", dependencies: ["CallModel", "CSimdjson", "CExpat"]),
        .target(name: "CallJSON", dependencies: ["CallModel", "Documents"]),
        .target(name: "BatchFormat", dependencies: ["CallModel", "Compression"], exclude: ["batch.proto"]),
        .target(name: "Runtime", dependencies: ["CYaml", "CRuntime", logging]),
        .target(name: "HTTP2", dependencies: ["CNghttp2"]),
        .target(name: "NIOSSL"),
        .target(
            name: "Transport", dependencies: ["HTTP2", "Compression", "Runtime", "NIOSSL", nio, nioHTTP1, logging],
            exclude: ["Server/HTTPServer.swift", "Server/ProtocolSelector.swift"]),
        .target(name: "SimulationKit", dependencies: ["CallModel", "BatchFormat", "Runtime"]),
        .target(
            name: "Receivers",
            dependencies: [
                "CallModel", "CallJSON", "Documents", "BatchFormat", "Compression", "Transport", "Runtime", nio,
                logging,
            ]),
        .target(name: "Deduplication", dependencies: ["CallModel"]),
        .target(
            name: "Spool",
            dependencies: ["CallModel", "Compression", "BatchFormat", "Runtime", "Deduplication", logging]),
        .target(name: "Rollups", dependencies: ["CallModel"]),
        .target(name: "Packets", dependencies: ["CallModel"]),
        .target(name: "Crypto"),
        .target(name: "CryptoExtras", dependencies: ["Crypto"]),
        .target(
            name: "Protocols",
            dependencies: ["CallModel", "Compression", "HTTP2", "CScan", "CLibcrypto", "Crypto", "CryptoExtras"]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "CallModel", "Documents", "CallJSON", "BatchFormat", "Transport", "SimulationKit", "Receivers",
                "Spool", "Rollups", "Packets", "Protocols", nio, nioEmbedded, nioHTTP1,
            ]),
        // Its `main` is libFuzzer's: only built with --sanitize=fuzzer.
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
        .systemLibrary(name: "CZstd", path: "Shims/CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CZlib", path: "Shims/CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CLibdeflate", path: "Shims/CLibdeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CBrotli", path: "Shims/CBrotli", pkgConfig: "libbrotlidec"),
        .systemLibrary(name: "CExpat", path: "Shims/CExpat", pkgConfig: "expat"),
        .systemLibrary(name: "CYaml", path: "Shims/CYaml", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CNghttp2", path: "Shims/CNghttp2", pkgConfig: "libnghttp2"),
        .systemLibrary(name: "CScan", path: "Shims/CScan"),
        .target(name: "CSimdjson", path: "Shims/CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CLibcrypto", path: "Shims/CLibcrypto"),
        .target(name: "CRuntime", path: "Shims/CRuntime"),
    ],
    cxxLanguageStandard: .cxx17
)
