namespace Tokenry.Server.Composition.Demo;

/// <summary>How much a large demonstration generates beside the story.</summary>
/// <param name="Users">People; there is an application for every five of them, and an organization for every five hundred.</param>
/// <param name="Credentials">Credentials: API keys, tokens, client secrets and public keys.</param>
/// <param name="Rows">Audit events and entries of the access log together, half of each; and a counter of usage for every five.</param>
internal sealed record DemoSize(int Users, int Credentials, int Rows)
{
    /// <summary>The size for which the pages are made.</summary>
    public static readonly DemoSize Large = new(100_000, 1_000_000, 10_000_000);

    public int Applications => Math.Max(1, Users / 5);

    public int Organizations => Math.Max(1, Users / 500);

    public int UsageCounters => Rows / 5;
}
