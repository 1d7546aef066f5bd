import Foundation
import Probes
import Testing

struct ProbeObjectTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Made anew where the same clang is, else skipped with the reason.
    @Test func `the committed object is what its source compiles to`() throws {
        let script = Self.root.appending(path: "deploy/generate-probes")
        guard FileManager.default.fileExists(atPath: script.path) else {
            print("skipped: no deploy/generate-probes beside these tests")
            return
        }
        let process = Process()
        process.executableURL = script
        process.arguments = ["--check"]
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus == 77 {
            print("skipped: \(said)")
        } else {
            #expect(process.terminationStatus == 0, "run deploy/generate-probes and commit what it writes: \(said)")
        }
    }

    @Test func `the marker tells a machine that went down from an agent that did`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "probes-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let marker = CrashMarker(stateDirectory: folder.path)
        let (boot, other) = (Array("a-b-c\n".utf8), Array("d-e-f\n".utf8))
        #expect(!marker.showsCrash(bootID: boot), "nothing was attached")
        try marker.set(bootID: boot)
        #expect(!marker.showsCrash(bootID: boot), "the same boot: only the agent died")
        #expect(marker.showsCrash(bootID: other), "another boot: the machine went down meanwhile")
        try marker.clear()
        try marker.clear()
        #expect(!marker.showsCrash(bootID: other))
    }
}
