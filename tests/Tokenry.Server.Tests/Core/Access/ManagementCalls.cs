using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tokenry.Server.Tests.Core.Access;

/// <summary>What the tests of the management API say again and again.</summary>
internal static class ManagementCalls
{
    public const string Management = "urn:tokenry:management";

    public const string Administrator = "rol_0000000000000000000001";
    public const string Auditor = "rol_0000000000000000000002";
    public const string Developer = "rol_0000000000000000000003";
    public const string Member = "rol_0000000000000000000004";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A user without a password, whose hash would cost half a second of a core.</summary>
    public static Task<CreatedUser> PersonAsync(this ApiClient admin, params string[] roles) =>
        admin.CreateUserAsync(roles, new { password = (string?)null });

    /// <summary>A user with a role of exactly these management scopes, calling with a token that names them.</summary>
    public static async Task<Person> CallerAsync(this ApiClient admin, params string[] scopes)
    {
        var role = await admin.CreateRoleAsync([new { api = Management, scopes }]);
        return await admin.PersonWithTokenAsync([role.Id], At(Management, scopes));
    }

    /// <summary>A user with these roles, calling with a token of these permissions (null: all their rights at other APIs).</summary>
    public static async Task<Person> PersonWithTokenAsync(this ApiClient admin, string[] roles, params object[]? permissions)
    {
        var user = await admin.PersonAsync(roles);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id, permissions is null ? null : new { permissions });
        return new Person(user.Id, token, admin.With(token.Secret));
    }

    /// <summary>One entry of a list of permissions.</summary>
    public static object At(string api, params string[] scopes) => new { api, scopes };

    public static Task<ApiResponse> VerifyAsync(
        this ApiClient asker,
        string token,
        string? api = null,
        string[]? scopes = null,
        string? @object = null,
        string? ip = null
    ) =>
        asker.PostAsync(
            "/v1/verify",
            new
            {
                token,
                api,
                scopes,
                @object,
                ip,
            }
        );

    /// <summary>The code of a verification, which must have been answered with 200.</summary>
    public static async Task<string> CodeAsync(
        this ApiClient asker,
        string token,
        string? api = null,
        string[]? scopes = null,
        string? @object = null,
        string? ip = null
    )
    {
        var answer = await asker.VerifyAsync(token, api, scopes, @object, ip).Expect(200);
        Assert.Equal(answer.Text("code") == "valid", answer.Json.GetProperty("valid").GetBoolean());
        return answer.Text("code");
    }

    /// <summary>A 400 whose <c>errors</c> name this member.</summary>
    public static async Task<ApiResponse> ExpectFaultAsync(this Task<ApiResponse> response, string member)
    {
        var answer = await response.Expect(400, "invalid_request");
        Assert.True(
            answer.Json.GetProperty("errors").ValueKind == JsonValueKind.Object
                && answer.Json.GetProperty("errors").TryGetProperty(member, out var faults)
                && faults.GetArrayLength() > 0,
            $"{member} is not named: {answer.Body}"
        );
        return answer;
    }

    /// <summary>Exactly these members, in any order.</summary>
    public static void AssertMembers(JsonElement element, params string[] names) =>
        Assert.Equal(
            names.Order(StringComparer.Ordinal),
            element.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)
        );

    /// <summary>The same JSON, whatever the order of members.</summary>
    public static void AssertJson(string expected, JsonElement actual)
    {
        using var document = JsonDocument.Parse(expected);
        Assert.True(JsonElement.DeepEquals(document.RootElement, actual), $"expected {expected}\nactual   {actual.GetRawText()}");
    }

    public static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    /// <summary>A time on the wire, that many seconds from now.</summary>
    public static string In(double seconds) => Wire(DateTimeOffset.UtcNow.AddSeconds(seconds));

    public static string Wire(DateTimeOffset time) =>
        time
            .UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            .Replace(".000Z", "Z", StringComparison.Ordinal);

    public static DateTimeOffset Time(this ApiResponse response, string member) =>
        DateTimeOffset.Parse(response.Text(member), CultureInfo.InvariantCulture);

    /// <summary>Polls until it holds; what is written in the background appears within seconds.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds, string what)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(waited.Elapsed < Patience, $"after {Patience}: not {what}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>Somebody who calls the management API.</summary>
internal sealed record Person(string Id, CreatedCredential Token, ApiClient Client);
