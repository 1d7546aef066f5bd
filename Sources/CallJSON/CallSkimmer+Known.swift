import CallModel
import Documents

// Calls of known structures: no tape, no look-up of names, one step for each scalar.

extension CallSkimmer {
    /// Skims a call whose structure is known, as `skim` would the parsed one; false where it is not known, or the call is for the
    /// reader. Valid until the next, and as long as the text is.
    ///
    /// - Parameter readableAfter: bytes behind the text that may be read (`JSONScalar.byteCountBehind` save a copy).
    public mutating func skimKnown(_ text: UnsafeRawBufferPointer, readableAfter: Int) -> Bool {
        guard let plan = known.plan(of: text, readableAfter: readableAfter) else { return false }
        removeAll()
        do throws(Unusual) {
            return try follow(plan, known.structures.values)
        } catch {
            return false
        }
    }

    /// Whether there is a structure to be learned: of the call that `skimKnown` refused last.
    public var wantsToLearn: Bool { known.wantsToLearn }

    /// Remembers the structure of the call that `skimKnown` refused last, if it did not know it: it has been taken since.
    ///
    /// - Parameter planBody: see `ShapeMaker.plan`.
    public func learn(
        _ text: UnsafeRawBufferPointer,
        planBody: @escaping (inout StructureScanner) throws(StructureScanner.NotPlain) -> ShapePlan
    ) {
        known.learn(text, planBody: planBody)
    }

    private mutating func follow(_ plan: CallPlan, _ values: UnsafePointer<JSONScalar>) throws(Unusual) -> Bool {
        var hasTime = false
        var value = values
        for step in plan.steps {
            switch step {
            case .requestBody(let body):
                requestBody = .known(KnownBody(plan.bodies[body], leaves: value))
                value += plan.bodies[body].leafCount
                continue
            case .responseBody(let body):
                responseBody = .known(KnownBody(plan.bodies[body], leaves: value))
                value += plan.bodies[body].leafCount
                continue
            case .requestHeader(let name): row.request.headers.append(try header(plan.names[name], value.pointee))
            case .responseHeader(let name): row.response.headers.append(try header(plan.names[name], value.pointee))
            case .call(let field) where !value.pointee.isNull:
                if field == .time { hasTime = true }
                try assign(field, value.pointee)
            case .request(let field) where !value.pointee.isNull: try assignRequest(field, value.pointee)
            case .response(let field) where !value.pointee.isNull: try assignResponse(field, value.pointee)
            case .call, .request, .response: break
            }
            value += 1
        }
        return hasTime && !row.url.isEmpty && !row.method.isEmpty && (row.status != nil) == plan.hasResponse
    }

    private func header(_ name: CallRow.Text, _ value: JSONScalar) throws(Unusual) -> CallRow.Field {
        guard let text = value.utf8, text.count <= Limits.headerValueByteCountMax else { throw Unusual() }
        return CallRow.Field(name, text)
    }
}
