import FuzzTargets
import Glibc

// Writes each target's seeds to corpus/<target>/seed-<n>, below the directory given. `deploy/fuzz --seeds` calls it.

guard CommandLine.arguments.count == 2 else { fatalError("usage: make-corpus DIRECTORY") }
for target in FuzzTarget.all {
    let directory = CommandLine.arguments[1] + "/" + target.name
    mkdir(directory, 0o755)
    for (number, seed) in target.seeds().enumerated() {
        target.run(seed)
        guard let file = fopen("\(directory)/seed-\(number)", "w") else { fatalError("cannot write to \(directory)") }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    print(target.name)
}
