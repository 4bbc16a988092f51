namespace Tokenry.Benchmarks;

/// <summary>What a peer serves that is held against one of our paths.</summary>
/// <param name="Peer">Which peer.</param>
/// <param name="Path">The peer's.</param>
/// <param name="Goal">How many times as fast we mean to be; zero: no goal, for information.</param>
public sealed record Rival(Peers Peer, string Path, double Goal);

/// <summary>Each is a process of its own (benchmarks/peers).</summary>
public enum Peers
{
    OidcProvider,
    BetterAuth,

    /// <summary>With its keys in memory, which its documentation calls secondary storage.</summary>
    BetterAuthInMemory,

    /// <summary>Entity Framework Core on SQLite, set up as the documentation says.</summary>
    OpenIddict,

    /// <summary>Client secrets as SHA-256, no record of tokens.</summary>
    OpenIddictTuned,

    /// <summary>Entity Framework Core's in-memory provider.</summary>
    OpenIddictInMemory,

    /// <summary>The same for introspection: that provider looks through all stored tokens, and this process has only those that are introspected.</summary>
    OpenIddictInMemoryFresh,

    OpenIddictInMemoryTuned,

    /// <summary>ASP.NET Core's own handler on a route of an API.</summary>
    JwtBearer,
}
