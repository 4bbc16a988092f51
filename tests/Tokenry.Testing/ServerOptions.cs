namespace Tokenry.Testing;

/// <summary>How a server under test differs from an ordinary one; everything left out is fresh and its own.</summary>
public sealed record ServerOptions
{
    /// <summary>Configuration by its key, <c>Tokenry:Brand</c> or <c>Tokenry__Brand</c>; a null value withholds the harness's own setting.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>Where it listens: <c>0.0.0.0</c> for more than loopback (<c>Tokenry:Issuer</c> must be set then).</summary>
    public string ListenOn { get; init; } = "127.0.0.1";

    /// <summary>PostgreSQL only; otherwise a fresh database of the shared cluster.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>An existing directory is kept when the server is disposed; otherwise a temporary one, deleted then.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The server's assembly; otherwise that of this checkout.</summary>
    public string Assembly { get; init; } = Repository.ServerDll;

    /// <summary>The only processors it may run on, as <c>taskset -c</c> has them; otherwise all.</summary>
    public string? Processors { get; init; }
}
