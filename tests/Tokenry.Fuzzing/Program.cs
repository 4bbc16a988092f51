using SharpFuzz;
using Tokenry.Server.Tests.Edges;

// list                      the parsers, a name a line
// samples NUMBER DIRECTORY  what the parser takes, a file a sample: where the fuzzer starts
// fuzz NUMBER               serves afl-fuzz: a text that makes the parser throw, or that it writes differently than it read, ends the process. Only this
//                           takes assemblies that are marked for the fuzzer, and touches them only once it has connected
// try NUMBER FILE           the same for one text, to repeat a finding
switch (args)
{
    case ["list"]:
        foreach (var parser in Parsers())
            Console.WriteLine(parser.Name);
        return 0;
    case ["samples", var number, var directory]:
        foreach (var (at, sample) in Chosen(number).Samples.Index())
            File.WriteAllText(Path.Combine(directory, $"{at}"), sample);
        return 0;
    case ["fuzz", var number]:
        Parser? target = null;
        Fuzzer.Run(text => Try(target ??= Chosen(number), text));
        return 0;
    case ["try", var number, var file]:
        Try(Chosen(number), File.ReadAllText(file));
        return 0;
    default:
        Console.Error.WriteLine("usage: list | samples NUMBER DIRECTORY | fuzz NUMBER | try NUMBER FILE");
        return 2;
}

static IEnumerable<Parser> Parsers() => ProtocolParsers.All.Concat(ServerParsers.All);

static Parser Chosen(string number) => Parsers().ElementAt(int.Parse(number, System.Globalization.CultureInfo.InvariantCulture));

static void Try(Parser parser, string text)
{
    if (!parser.IsStable(text))
        throw new InvalidDataException($"{parser.Name} does not read what it writes for: {text}");
}
