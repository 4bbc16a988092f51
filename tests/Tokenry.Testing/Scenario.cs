namespace Tokenry.Testing;

/// <summary>
/// Says who exists before a test begins: <c>await Scenario.On(admin).Api("invoices:read").Role().Application().ApiKey().CreateAsync()</c>.
/// Steps run in the order written and refer to what is there already: a role to the last API resource, users and applications to
/// every role so far, credentials to the last owner. A step whose subject is missing makes it first, so <c>.ApiKey()</c> alone gives
/// an API with two scopes, a role with both, an application with the role and its key. <c>with</c> adds or replaces request members
/// and may refer to what was made: <c>.ApiKey(made => new { permissions = new[] { new { api = made.Api.Identifier, … } } })</c>.
/// </summary>
public sealed class Scenario
{
    private readonly ApiClient _admin;
    private readonly List<Func<Task>> _steps = [];
    private readonly Created _made = new();

    private Scenario(ApiClient admin) => _admin = admin;

    public static Scenario On(ApiClient admin) => new(admin);

    /// <summary>No scopes named: <c>invoices:read</c> and <c>invoices:write</c>.</summary>
    public Scenario Api(params string[] scopes) => Api(with: null, scopes);

    public Scenario Api(Func<Created, object>? with, params string[] scopes) => Then(() => MakeApiAsync(with, scopes));

    /// <summary>Rights at the last API resource. No scopes named: all of its scopes.</summary>
    public Scenario Role(params string[] scopes) => Then(() => MakeRoleAsync(scopes));

    /// <summary>Rights at the management API.</summary>
    public Scenario ManagementRole(params string[] scopes) =>
        Then(async () => _made.Roles.Add(await _admin.CreateRoleAsync([new { api = "urn:tokenry:management", scopes }])));

    /// <summary>With every role made so far; with none of them, if there is none.</summary>
    public Scenario User(Func<Created, object>? with = null) => Then(() => MakeUserAsync(with));

    /// <summary>With every role made so far; with none of them, if there is none.</summary>
    public Scenario Application(Func<Created, object>? with = null) => Then(() => MakeApplicationAsync(with));

    public Scenario ApiKey(Func<Created, object>? with = null) =>
        Then(async () =>
        {
            await NeedApplicationAsync();
            _made.ApiKeys.Add(await _admin.CreateApiKeyAsync(_made.Application.Id, with?.Invoke(_made)));
        });

    public Scenario ClientSecret(Func<Created, object>? with = null) =>
        Then(async () =>
        {
            await NeedApplicationAsync();
            _made.ClientSecrets.Add(await _admin.CreateClientSecretAsync(_made.Application.Id, with?.Invoke(_made)));
        });

    /// <summary>A public key of the application, whose private half signs ES256.</summary>
    public Scenario PublicKey(Func<Created, object>? with = null) =>
        Then(async () =>
        {
            await NeedApplicationAsync();
            var key = ClientKey.Make();
            var response = await _admin.CreatePublicKeyAsync(_made.Application.Id, key, with?.Invoke(_made));
            _made.PublicKeys.Add(new CreatedPublicKey(response.Text("id"), key, response));
        });

    /// <summary>A certificate of the application; see <see cref="TestAuthority"/>.</summary>
    public Scenario Certificate() =>
        Then(async () =>
        {
            await NeedApplicationAsync();
            _made.Certificates.Add((await _admin.CreateCertificateAsync(_made.Application.Id)).Text("id"));
        });

    /// <summary>A federated identity of the application, of an issuer nobody keeps.</summary>
    public Scenario FederatedIdentity() =>
        Then(async () =>
        {
            await NeedApplicationAsync();
            using var issuer = new ForeignIssuer();
            _made.FederatedIdentities.Add((await _admin.CreateFederatedIdentityAsync(_made.Application.Id, issuer)).Text("id"));
        });

    public Scenario PersonalAccessToken(Func<Created, object>? with = null) =>
        Then(async () =>
        {
            await NeedUserAsync();
            _made.PersonalAccessTokens.Add(await _admin.CreatePersonalAccessTokenAsync(_made.User.Id, with?.Invoke(_made)));
        });

    public async Task<Created> CreateAsync()
    {
        foreach (var step in _steps)
            await step();
        _steps.Clear();
        return _made;
    }

    private Scenario Then(Func<Task> step)
    {
        _steps.Add(step);
        return this;
    }

    private async Task NeedApplicationAsync()
    {
        if (_made.Applications.Count > 0)
            return;
        await NeedRoleAsync();
        await MakeApplicationAsync(with: null);
    }

    private async Task NeedUserAsync()
    {
        if (_made.Users.Count > 0)
            return;
        await NeedRoleAsync();
        await MakeUserAsync(with: null);
    }

    private Task NeedRoleAsync() => _made.Roles.Count > 0 ? Task.CompletedTask : MakeRoleAsync([]);

    private async Task MakeApiAsync(Func<Created, object>? with, string[] scopes)
    {
        if (scopes.Length == 0)
            scopes = ["invoices:read", "invoices:write"];
        _made.Apis.Add(await _admin.CreateApiAsync(scopes, with?.Invoke(_made)));
    }

    private async Task MakeRoleAsync(string[] scopes)
    {
        if (_made.Apis.Count == 0)
            await MakeApiAsync(with: null, scopes);
        var named = scopes.Length > 0 ? scopes : _made.Api.Scopes;
        _made.Roles.Add(await _admin.CreateRoleAsync([new { api = _made.Api.Identifier, scopes = named }]));
    }

    private async Task MakeUserAsync(Func<Created, object>? with) =>
        _made.Users.Add(await _admin.CreateUserAsync(_made.Roles.Select(role => role.Id), with?.Invoke(_made)));

    private async Task MakeApplicationAsync(Func<Created, object>? with) =>
        _made.Applications.Add(await _admin.CreateApplicationAsync(_made.Roles.Select(role => role.Id), with?.Invoke(_made)));
}
