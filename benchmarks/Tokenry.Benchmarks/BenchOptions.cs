namespace Tokenry.Benchmarks;

/// <summary>What was asked for on the command line.</summary>
public sealed record BenchOptions
{
    public const string Usage =
        "usage: ./bench [--short] [--long] [--no-peers] [--sqlite] [NAME…]\n       ./bench --against=CHECKOUT [NAME…]\n       ./bench --profile NAME…\n       ./bench micro [BenchmarkDotNet's options]\n       ./bench guard [--update]\n       ./bench pages [--users=N] [--credentials=N] [--rows=N] [--store=DIRECTORY | --postgres]\n";

    private const string AgainstIs = "--against=";

    /// <summary>Paths to measure; none named: all, and the start, the memory, the scale and the scaling.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Fewer and shorter slices: for a look, not for a result.</summary>
    public bool Short { get; init; }

    /// <summary>Ten million credentials too.</summary>
    public bool Long { get; init; }

    /// <summary>Sample the paths instead of measuring them.</summary>
    public bool Profile { get; init; }

    /// <summary>Another checkout, built: its server is measured beside ours, and nobody else.</summary>
    public string? Against { get; init; }

    public bool Peers { get; init; } = true;

    public bool Postgres { get; init; } = true;

    /// <summary>A path's whole name asks for it alone, anything else for all that begin with it.</summary>
    public bool Wants(string name) =>
        Names.Count == 0
        || Names.Any(asked => name == asked || (!Comparison.IsPath(asked) && name.StartsWith(asked, StringComparison.Ordinal)));

    /// <returns><c>null</c> where the arguments are not understood.</returns>
    public static BenchOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions { Names = [.. arguments.Where(argument => !argument.StartsWith('-'))] };
        foreach (var argument in arguments.Where(argument => argument.StartsWith('-')))
        {
            var next = argument switch
            {
                "--short" => options with { Short = true },
                "--long" => options with { Long = true },
                "--profile" => options with { Profile = true },
                "--no-peers" => options with { Peers = false },
                "--sqlite" => options with { Postgres = false },
                _ when argument.StartsWith(AgainstIs, StringComparison.Ordinal) => options with
                {
                    Against = argument[AgainstIs.Length..],
                    Peers = false,
                    Postgres = false,
                },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        return options;
    }
}
