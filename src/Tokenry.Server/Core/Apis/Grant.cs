using Tokenry.Protocol.Access;

namespace Tokenry.Server.Core.Apis;

/// <summary>Scopes at one API resource, given to a role or written into a credential. Bound to what they were then, not to names.</summary>
/// <param name="resourceId">The API resource, <c>res_…</c>; its identifier may be another's one day.</param>
/// <param name="scopes">As they were named: what they imply is not among them.</param>
/// <param name="asOf">The generation of the API's scopes it was written in (<see cref="ScopeRegister.Generation"/>).</param>
public sealed class Grant(string resourceId, ScopeSet scopes, long asOf)
{
    private Worked? worked;

    public string ResourceId => resourceId;

    public ScopeSet Scopes => scopes;

    public long AsOf => asOf;

    /// <summary>What it allows there, with all that is implied; of the scopes the API has no longer, the names may be among it.</summary>
    public ScopeSet At(ApiResourceFacts api) => api.Register.IsPlainSince(asOf) ? scopes : Work(api.Register);

    private ScopeSet Work(ScopeRegister register)
    {
        // Worked out once for each state of the catalog; who comes at the same time works out the same.
        if (worked is not { } known || !ReferenceEquals(known.Era, register.Era))
        {
            worked = known = new Worked(register.Era, register.Granted(scopes, asOf));
        }

        return known.Scopes;
    }

    private sealed record Worked(object Era, ScopeSet Scopes);
}
