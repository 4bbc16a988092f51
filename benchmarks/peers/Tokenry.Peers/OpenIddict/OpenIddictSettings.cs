namespace Tokenry.Peers.OpenIddict;

/// <summary>One of the four ways in which OpenIddict is measured.</summary>
/// <param name="InMemory">Entity Framework Core's in-memory provider instead of SQLite on disk.</param>
/// <param name="IsTuned">With every setting that makes it faster and leaves its checks in place.</param>
internal sealed record OpenIddictSettings(bool InMemory, bool IsTuned)
{
    public string Name => (InMemory ? "OpenIddict (in memory" : "OpenIddict (SQLite") + (IsTuned ? ", tuned)" : ")");
}
