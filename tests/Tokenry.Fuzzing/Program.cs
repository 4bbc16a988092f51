using SharpFuzz;
using Tokenry.Server.Tests.Edges;

// Tokenry.Fuzzing list | seeds DIRECTORY | instrument ASSEMBLY… | PARSER (one input, from the fuzzer or on standard input)
var parsers = ProtocolParsers.All.Concat(ServerParsers.All).ToDictionary(NameOf, StringComparer.Ordinal);
switch (args)
{
    case ["list"]:
        Console.WriteLine(string.Join('\n', parsers.Keys));
        return 0;
    case ["seeds", var directory]:
        foreach (var (name, parser) in parsers)
        {
            var folder = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
            for (var number = 0; number < parser.Samples.Length; number++)
            {
                File.WriteAllText(Path.Combine(folder, $"{number}"), parser.Samples[number]);
            }
        }

        return 0;
    case ["instrument", .. var assemblies]:
        foreach (var assembly in assemblies)
        {
            var instrumented = Fuzzer.Instrument(assembly, _ => true, new Options { EnableOnBranchCallback = false });
            Console.WriteLine($"{Path.GetFileName(assembly)}: {instrumented.Count()} types");
        }

        return 0;
    case [var name] when parsers.TryGetValue(name, out var chosen):
        Fuzzer.Run(text => Check(chosen, text), bufferSize: 65_536);
        return 0;
    default:
        Console.Error.WriteLine("usage: Tokenry.Fuzzing list | seeds DIRECTORY | instrument ASSEMBLY… | PARSER");
        return 2;
}

// What escapes is a fault, and so is a text that is read as another one the second time.
static void Check(Parser parser, string text)
{
    if (parser.Read(text) is { } written && parser.Read(written) != written)
    {
        throw new InvalidOperationException($"{parser.Name} does not read what it wrote.");
    }
}

static string NameOf(Parser parser) => string.Concat(parser.Name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
