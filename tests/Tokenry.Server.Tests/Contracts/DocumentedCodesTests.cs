using System.Reflection;
using System.Text.RegularExpressions;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>D.8: every code that the server can answer with is documented with its cause and its remedy, and no other is.</summary>
public sealed partial class DocumentedCodesTests
{
    [Fact]
    public async Task Every_verification_code_is_in_verify_md() =>
        Assert.Equal(Constants(typeof(VerificationCode)), await TableAsync("docs/verify.md", "## Codes"));

    [Fact]
    public async Task Every_reason_of_wrong_api_is_in_verify_md() =>
        Assert.Equal(Constants(typeof(WrongApiReason)), await TableAsync("docs/verify.md", "## Why wrong_api"));

    [Fact]
    public async Task Every_problem_code_is_in_errors_md() =>
        Assert.Equal(Constants(typeof(ProblemCode)), await TableAsync("docs/errors.md", "## Problems"));

    [Fact]
    public async Task Every_OAuth_error_is_in_errors_md()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src/Tokenry.Server/Features/OAuth/OAuthError.cs"));
        var errors = OAuthErrorInCode()
            .Matches(source)
            .Select(match => match.Groups["error"].Value)
            .Distinct()
            .Order(StringComparer.Ordinal);
        Assert.Equal(errors, await TableAsync("docs/errors.md", "## OAuth errors"));
    }

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Order(StringComparer.Ordinal);

    /// <summary>The first column of the table below a heading, in order; each row has a cause and a remedy.</summary>
    private static async Task<IEnumerable<string>> TableAsync(string page, string heading)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, page));
        var rows = lines
            .SkipWhile(line => line != heading)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.All(row[1..^1], cell => Assert.NotEmpty(cell)));
        return rows.Select(row => row[1].Trim('`')).Order(StringComparer.Ordinal);
    }

    [GeneratedRegex("new\\(\\s*\\d{3},\\s*\"(?<error>[a-z_]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OAuthErrorInCode();
}
