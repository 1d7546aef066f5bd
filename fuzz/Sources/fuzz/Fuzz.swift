import FuzzTargets
import Glibc

/// What libFuzzer calls with every input. `FARWATCH_FUZZ` names the target.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let target: FuzzTarget = {
    let name = getenv("FARWATCH_FUZZ").map { String(cString: $0) } ?? ""
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("FARWATCH_FUZZ must be one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    return found
}()
