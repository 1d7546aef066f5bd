import CallJSON
import CallModel
import Contrast
import Documents
import Glibc
import PartnerCatalog
import Redaction
import Runtime

/// Reads recorded calls from an NDJSON file, line by line, in bounded memory; the same file can be read again.
///
/// A line is parsed once by simdjson and handed out as a cursor: what is only counted is never made into an `APICall`. Lines that
/// are no calls are counted and told at the end.
final class CallLines {
    /// Bytes read at a time, and the longest line.
    private static let chunkByteCount = 4 << 20
    private static let lineByteCountMax = 16 << 20

    struct Line {
        var value: JSONValue
        /// From 0, counting every line that is not blank.
        var position: Int
        var byteOffset: Int
        var byteCount: Int
    }

    let path: String
    private(set) var refusedCount = 0
    private(set) var firstRefusal: String?
    private let descriptor: Int32
    private let parser = JSONParser()
    private var reader = CallJSONReader()
    private let catalogue = Catalogue.builtIn
    private let outcomeParser = JSONParser()
    private let shapeParser = JSONParser()
    /// Bodies are reduced to what an agent would have sent of them before anything looks at them.
    let bodies: BodyForm
    private let shapeLimits: ShapeLimits
    private var judges: [UInt64: AnswerJudge] = [:]

    init(_ path: String, bodies: BodyForm) throws(CallLinesError) {
        self.path = path
        self.bodies = bodies
        shapeLimits = bodies.shapeLimits
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CallLinesError(path: path, cause: systemMessage(errno)) }
    }

    deinit { close(descriptor) }

    /// Reads the file from its start. `progress` hears the share read so far, now and then.
    func forEach(progress: (Double) -> Void = { _ in }, _ body: (Line) -> Void) throws(CallLinesError) {
        refusedCount = 0
        firstRefusal = nil
        var status = stat()
        let size = fstat(descriptor, &status) == 0 ? max(1, Int(status.st_size)) : 1
        var buffer: [UInt8] = []
        var bufferOffset = 0
        var position = 0
        var isEnd = false
        while !isEnd {
            let added = try read(into: &buffer, at: bufferOffset + buffer.count)
            isEnd = added == 0
            var at = 0
            buffer.withUnsafeBytes { bytes in
                while at < bytes.count {
                    guard let end = Self.lineEnd(bytes, from: at, isEnd: isEnd) else { break }
                    let text = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
                    let isBlank = !text.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
                    if !isBlank {
                        line(text, readableAfter: bytes.count - end, position, bufferOffset + at, body)
                        position += 1
                    }
                    at = end + 1
                }
            }
            let used = min(at, buffer.count)
            buffer.removeFirst(used)
            bufferOffset += used
            guard buffer.count <= Self.lineByteCountMax else {
                throw CallLinesError(
                    path: path, cause: "line \(position + 1) is longer than \(Self.lineByteCountMax) bytes")
            }
            progress(min(1, Double(bufferOffset) / Double(size)))
        }
        parser.shrink()
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, isEnd: Bool) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        if let newline = memchr(base + start, 0x0A, bytes.count - start) { return UnsafeRawPointer(newline) - base }
        return isEnd ? bytes.count : nil
    }

    private func read(into buffer: inout [UInt8], at offset: Int) throws(CallLinesError) -> Int {
        let before = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.chunkByteCount))
        let count = buffer.withUnsafeMutableBytes { bytes in
            pread(descriptor, bytes.baseAddress.map { $0 + before }, Self.chunkByteCount, off_t(offset))
        }
        buffer.removeLast(Self.chunkByteCount - max(0, count))
        guard count >= 0 else { throw CallLinesError(path: path, cause: systemMessage(errno)) }
        return count
    }

    private func line(
        _ text: UnsafeRawBufferPointer, readableAfter: Int, _ position: Int, _ offset: Int, _ body: (Line) -> Void
    ) {
        do throws(JSONError) {
            let value = try parser.root(of: text, readableAfter: readableAfter)
            body(Line(value: value, position: position, byteOffset: offset, byteCount: text.count))
        } catch {
            refuse(position, "\(error)")
        }
    }

    private func refuse(_ position: Int, _ cause: String) {
        refusedCount += 1
        if firstRefusal == nil { firstRefusal = "line \(position + 1): \(cause)" }
    }

    /// The call of a line, with partner, route and outcome as the catalogue has them where the line does not say; nil, and
    /// counted, where it is none.
    func call(_ line: Line) -> APICall? {
        do throws(CallError) {
            var call = try reader.read(line.value)
            complete(&call, hasOutcome: line.value.member("outcome").map { !$0.isNull } ?? false)
            return call
        } catch {
            refuse(line.position, "\(error)")
            return nil
        }
    }

    /// The call of a line that was read before.
    func call(atByte offset: Int, byteCount: Int) -> APICall? {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, byteCount, off_t(offset)) }
        guard count == byteCount else { return nil }
        return bytes.withUnsafeBytes { text in
            do throws(JSONError) {
                let value = try parser.root(of: text)
                return call(Line(value: value, position: 0, byteOffset: offset, byteCount: byteCount))
            } catch {
                return nil
            }
        }
    }

    private func complete(_ call: inout APICall, hasOutcome: Bool) {
        if call.partner == nil || call.route == nil {
            if case .partner(let id, let route, _) = catalogue.resolve(call) {
                call.partner = call.partner ?? id
                call.route = call.route ?? route
            }
        }
        if !hasOutcome {
            call.outcome = catalogue.outcome(of: call, partner: call.partner ?? "", parser: outcomeParser)
        }
        guard bodies != .full, let body = call.request.body, body.form != .shape else { return }
        let type = call.request.headers.value(of: "content-type")
        call.request.body = Shape.of(
            bytes: body.bytes, contentType: type, parser: shapeParser, limits: shapeLimits
        ).map { Body($0, form: .shape) }
    }
}

struct CallLinesError: Error, CustomStringConvertible {
    var path: String
    var cause: String

    var description: String { "\(path) cannot be read: \(cause)" }
}

extension CallLines {
    /// What a line says of itself without being made into a call: enough to count it.
    struct Skim {
        var route: UInt64
        var isSuccess: Bool
    }

    private static let judgesMax = 20_000

    /// Nil where only the whole call can tell: no partner or route, an outcome of its own, or a partner whose convention
    /// looks at more than status and body.
    func skim(_ value: JSONValue) -> Skim? {
        let fields = SkimmedFields(value)
        guard let partner = fields.partner, let route = fields.route, !fields.hasOutcome else { return nil }
        let number = RouteNumber.of(partner, route)
        guard !fields.hasError, let status = fields.status else { return Skim(route: number, isSuccess: false) }
        let judge = judge(number, partner, route)
        let isSuccess = judge.isSuccess(status: Int(truncatingIfNeeded: status), body: fields.answer)
        return isSuccess.map { Skim(route: number, isSuccess: $0) }
    }

    private func judge(
        _ number: UInt64, _ partner: UnsafeBufferPointer<UInt8>, _ route: UnsafeBufferPointer<UInt8>
    ) -> AnswerJudge {
        if let known = judges[number] { return known }
        let judge = catalogue.answerJudge(
            partner: String(decoding: partner, as: UTF8.self), route: String(decoding: route, as: UTF8.self))
        if judges.count < Self.judgesMax { judges[number] = judge }
        return judge
    }
}

/// What a line is skimmed for, found in one pass over its members.
private struct SkimmedFields {
    var partner: UnsafeBufferPointer<UInt8>?
    var route: UnsafeBufferPointer<UInt8>?
    var hasOutcome = false
    var hasError = false
    var status: Int64?
    var answer: JSONValue?

    init(_ line: JSONValue) {
        line.forEachMember { key, value in
            if Self.isSame(key, "partner") {
                partner = value.utf8
            } else if Self.isSame(key, "route") {
                route = value.utf8
            } else if Self.isSame(key, "outcome") {
                hasOutcome = !value.isNull
            } else if Self.isSame(key, "error") {
                hasError = !value.isNull
            } else if Self.isSame(key, "response") {
                value.forEachMember { key, value in
                    if Self.isSame(key, "status") { status = value.int64 }
                    if Self.isSame(key, "body") { answer = value }
                }
            }
        }
    }

    @inline(__always)
    private static func isSame(_ key: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
        guard key.count == name.utf8CodeUnitCount, let start = key.baseAddress else { return false }
        return memcmp(start, name.utf8Start, key.count) == 0
    }
}
