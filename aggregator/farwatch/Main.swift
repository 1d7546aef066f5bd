import ArgumentParser
import FarwatchCLI

@main
struct Main {
    static func main() async {
        await FarwatchCommand.main()
    }
}
