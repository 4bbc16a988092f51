using System.Globalization;
using Tokenry.Server.Composition.Demo;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Pages;

/// <summary>What <c>./bench pages</c> was asked for.</summary>
internal sealed record PagesOptions
{
    /// <summary>A tenth of <see cref="DemoSize.Large"/> by rows: what is filled in about three minutes.</summary>
    private static readonly DemoSize InMinutes = new(100_000, 1_000_000, 2_000_000);

    public DemoSize Size { get; init; } = InMinutes;

    /// <summary>A data directory that is filled if it does not exist, and kept; <c>null</c> = a new one, deleted at the end.</summary>
    public string? Store { get; init; }

    public Engine Engine { get; init; } = Engine.Sqlite;

    /// <returns><c>null</c> where the arguments are not understood.</returns>
    public static PagesOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new PagesOptions();
        foreach (var argument in arguments)
        {
            var (name, value) = argument.Split('=', 2) is [var before, var after] ? (before, after) : (argument, "");
            var isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;
            PagesOptions? next = name switch
            {
                "--users" when isNumber => options with { Size = options.Size with { Users = number } },
                "--credentials" when isNumber => options with { Size = options.Size with { Credentials = number } },
                "--rows" when isNumber => options with { Size = options.Size with { Rows = number } },
                "--store" when value.Length > 0 => options with { Store = Path.GetFullPath(value) },
                "--postgres" when value.Length == 0 => options with { Engine = Engine.Postgres },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        // A database of PostgreSQL goes with its cluster.
        return options is { Engine: Engine.Postgres, Store: not null } ? null : options;
    }
}
