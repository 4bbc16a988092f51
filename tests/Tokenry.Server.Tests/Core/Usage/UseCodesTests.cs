using System.Text.RegularExpressions;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.OAuth.ClientAuthentication;

namespace Tokenry.Server.Tests.Core.Usage;

/// <summary>The list that the filters of the access log and of usage are checked against has every code that the code writes.</summary>
public sealed partial class UseCodesTests
{
    /// <summary>No reasons, but a kind of credential and the names of parameters.</summary>
    private static readonly string[] Others = ["federated_identity", "certificate_bound_access_tokens"];

    [Fact]
    public async Task Every_reason_in_the_sources_is_known()
    {
        var folders = new[] { "Features/OAuth", "Core/Authentication", "Core/Access", "Core/Doors" };
        var sources = folders.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "src/Tokenry.Server", folder), "*.cs", SearchOption.AllDirectories)
        );
        var written = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in sources)
        foreach (Match match in Reason().Matches(await File.ReadAllTextAsync(path)))
            written.Add(match.Groups["code"].Value);

        foreach (var fault in Enum.GetValues<ClientAssertionFault>())
            written.Add(PrivateKeyJwt.Reason(fault).Name);
        foreach (var fault in Enum.GetValues<FederatedTokenFault>())
            written.Add(FederatedIdentities.Reason(fault).Name);

        Assert.True(written.Count > 20, string.Join(", ", written));
        Assert.DoesNotContain(written.Except(Others), code => !UseCodes.All.Contains(code));
    }

    /// <summary>As an argument of a refusal, or by how such reasons begin; not the parameters <c>client_assertion…</c>.</summary>
    [GeneratedRegex(
        "((AuditReason|Because)\\(|MethodNotAllowed = new\\()\"(?<code>[a-z_]+)\"|\"(?<code>(assertion|certificate|federated|subject_token_of|not_the|too_many|token_too)_[a-z_]+)\"",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Reason();
}
