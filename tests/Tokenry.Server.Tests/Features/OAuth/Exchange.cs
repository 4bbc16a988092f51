using System.Text.Json;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// A service that may exchange tokens for an API: a user with a personal access token for it, and the client with its secret, which has no right of its own.
/// </summary>
internal sealed class Exchange(ApiClient admin, Created made)
{
    public const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";
    public const string PersonalAccessToken = "urn:tokenry:token-type:personal_access_token";
    public const string ApiKey = "urn:tokenry:token-type:api_key";

    public ApiClient Admin => admin;

    public Created Made => made;

    public ApiClient Anonymous => admin.With(null);

    public string Api => made.Api.Identifier;

    public string UserId => made.User.Id;

    /// <summary>The user's token.</summary>
    public string Pat => made.PersonalAccessToken.Secret;

    /// <summary>The exchanging client.</summary>
    public (string Id, string Secret) Service => made.Client();

    public static async Task<Exchange> ArrangeAsync(
        ApiClient admin,
        Func<Created, object>? pat = null,
        Func<Created, object>? api = null,
        Func<Created, object>? service = null
    )
    {
        var made = await Scenario.On(admin).Api(api, "invoices:read", "invoices:write").PersonalAccessToken(pat).CreateAsync();
        var application = await admin.CreateApplicationAsync(
            [],
            service?.Invoke(made) ?? new { token_exchange_audiences = new[] { made.Api.Identifier } }
        );
        made.Applications.Add(application);
        made.ClientSecrets.Add(await admin.CreateClientSecretAsync(application.Id));
        return new Exchange(admin, made);
    }

    /// <summary>Another service with the same permission to exchange.</summary>
    public async Task<(string Id, string Secret)> AnotherServiceAsync()
    {
        var application = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { Api } });
        return (application.Id, (await admin.CreateClientSecretAsync(application.Id)).Secret);
    }

    /// <summary>An exchange by the service; a member of <paramref name="with"/> replaces the usual one, and an empty one leaves it out.</summary>
    public Task<ApiResponse> SendAsync(string subject, params (string Name, string Value)[] with) => SendAsync(subject, Service, with);

    public Task<ApiResponse> SendAsync(
        string subject,
        (string Id, string Secret)? client,
        (string Name, string Value)[] with,
        IDictionary<string, string>? headers = null
    )
    {
        (string Name, string Value)[] usual =
        [
            ("grant_type", Grant),
            ("subject_token", subject),
            ("subject_token_type", AccessToken),
            ("resource", Api),
        ];
        var form = usual.Where(field => with.All(other => other.Name != field.Name)).Concat(with.Where(field => field.Value.Length > 0));
        return Anonymous.FormAsync("/oauth/token", form, client, headers);
    }

    public async Task<string> TokenAsync(string subject, params (string Name, string Value)[] with) =>
        (await SendAsync(subject, with).Expect(200)).Text("access_token");

    /// <summary>Why a request was refused: what the access log says of it, since the answer does not.</summary>
    public async Task<JsonElement> RefusalAsync(ApiResponse refused) =>
        await admin.LoggedAsync($"request={Uri.EscapeDataString(refused.Header("X-Request-Id")!)}");

    /// <summary>Refused like everything else about a subject token, and for this reason.</summary>
    public async Task ExpectNotAcceptableAsync(Task<ApiResponse> answering, string reason)
    {
        var refused = await answering.ExpectOAuth(400, "invalid_request");
        Assert.Equal("the subject token is not acceptable", refused.Text("error_description"));
        Assert.Equal(reason, (await RefusalAsync(refused)).GetProperty("result").GetString());
    }
}
