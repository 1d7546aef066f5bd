import CExpat

/// Reads whole XML documents with expat.
///
/// Nothing outside the document is ever fetched: no handler for external entities is set. Declarations inside the document
/// are refused altogether, so that no entity or default attribute can grow (billion laughs); a plain `<!DOCTYPE x SYSTEM …>`
/// passes, partners send it.
public enum XMLDocument {
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: XMLLimits = XMLLimits()
    ) throws(XMLError) -> XMLElement {
        guard bytes.count <= min(limits.byteCountMax, Int(Int32.max)) else {
            throw .tooLarge(byteCount: bytes.count, max: limits.byteCountMax)
        }
        guard let parser = XML_ParserCreate(nil) else { throw .outOfMemory }
        defer { XML_ParserFree(parser) }
        let builder = XMLTreeBuilder(parser: parser, limits: limits)
        install(builder, in: parser)
        let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        // The builder outlives the call that runs its handlers; expat keeps only its address.
        let status = withExtendedLifetime(builder) { XML_Parse(parser, text, Int32(bytes.count), 1) }
        if let refusal = builder.refusal { throw refusal }
        guard status == XML_STATUS_OK, let root = builder.root else {
            let detail = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "no element"
            throw .malformed(byteOffset: max(0, Int(XML_GetCurrentByteIndex(parser))), detail: detail)
        }
        return root
    }

    private static func install(_ builder: XMLTreeBuilder, in parser: XML_Parser) {
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, attributes in
                guard let name, let builder = XMLTreeBuilder.from(context) else { return }
                builder.elementStarted(name, attributes)
            },
            { context, _ in XMLTreeBuilder.from(context)?.elementEnded() })
        XML_SetCharacterDataHandler(parser) { context, text, count in
            guard let text, count > 0, let builder = XMLTreeBuilder.from(context) else { return }
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(count))
            builder.textArrived(bytes)
        }
        XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, hasDeclarations in
            if hasDeclarations != 0 { XMLTreeBuilder.from(context)?.refuse(.declarationsRefused) }
        }
    }
}

/// Collects expat's events into a tree. Lives for one `XML_Parse`.
private final class XMLTreeBuilder {
    private(set) var root: XMLElement?
    private(set) var refusal: XMLError?

    private let parser: XML_Parser
    private let limits: XMLLimits
    private var open: [XMLElement] = []
    private var nodeCount = 0
    /// Open elements that are not kept because the limit was reached.
    private var skippedDepth = 0

    init(parser: XML_Parser, limits: XMLLimits) {
        self.parser = parser
        self.limits = limits
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> XMLTreeBuilder? {
        context.map { Unmanaged<XMLTreeBuilder>.fromOpaque($0).takeUnretainedValue() }
    }

    func refuse(_ error: XMLError) {
        refusal = refusal ?? error
        XML_StopParser(parser, 0)
    }

    func elementStarted(
        _ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) {
        guard refusal == nil else { return }
        guard open.count + skippedDepth < limits.depthMax else { return refuse(.tooDeep) }
        guard skippedDepth == 0, nodeCount < limits.nodeCountMax else { return skippedDepth += 1 }
        nodeCount += 1
        var element = XMLElement(name: localName(name))
        var at = 0
        // Name and value in turn, then a null pointer.
        while let attributes, let name = attributes[at], let value = attributes[at + 1], nodeCount < limits.nodeCountMax
        {
            at += 2
            let whole = String(cString: name)
            if whole == "xmlns" || whole.hasPrefix("xmlns:") { continue }
            nodeCount += 1
            element.attributes.append(XMLAttribute(name: localName(name), value: String(cString: value)))
        }
        open.append(element)
    }

    func elementEnded() {
        if skippedDepth > 0 {
            skippedDepth -= 1
        } else if let element = open.popLast() {
            if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
        }
    }

    func textArrived(_ bytes: UnsafeRawBufferPointer) {
        guard skippedDepth == 0, !open.isEmpty else { return }
        open[open.count - 1].text += String(decoding: bytes, as: UTF8.self)
    }

    private func localName(_ name: UnsafePointer<CChar>) -> String {
        let whole = String(cString: name)
        guard let colon = whole.utf8.lastIndex(of: UInt8(ascii: ":")) else { return whole }
        let local = whole[whole.utf8.index(after: colon)...]
        return local.isEmpty ? whole : String(local)
    }
}
