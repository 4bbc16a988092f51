using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Operations;

/// <summary>Ends a dry run: nothing was changed, and the answer is the effect the change would have.</summary>
public sealed class DryRunAnswer(RightsEffect effect) : Exception("A dry run ends here.")
{
    public RightsEffect Effect => effect;
}
