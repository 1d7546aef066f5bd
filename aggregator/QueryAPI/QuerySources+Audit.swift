import Documents

extension QuerySources {
    /// Keeps who did what, to what, and what he said of it.
    ///
    /// - Parameters:
    ///   - key: what the subject is: the first member of the detail, which the request's other fields follow.
    ///   - subject: an id, or a name.
    func audit(_ what: String, _ key: String, _ subject: String, _ request: APIRequest) {
        var detail = JSONWriter()
        detail.object { writer in
            writer.member(key, subject)
            for (name, value) in request.fields.sorted(by: { $0.key < $1.key }) where name != "name" || value != subject
            {
                writer.member(name, value)
            }
        }
        audit(request.who, what, String(decoding: detail.bytes, as: UTF8.self))
    }
}
